/** The SageMaker Python SDK with the local service: the transformers of AWS's Object2Vec pages, a model, a predictor. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pair } from '../fixtures/pair-model/train-pair-model.ts';
import { findPackages, type PythonClient, SAGEMAKER_SDK, startPythonClient } from './python-client.ts';
import { type ServiceWithModels, startWithModels } from './start-with-models.ts';

const found = await findPackages(SAGEMAKER_SDK);
const PAIRS = [1, 2, 3].map((n) => JSON.stringify(pair(n)));
const SINGLES = [1, 2, 3].map((n) => JSON.stringify({ in0: pair(n).in0 }));

describe.skipIf(!found.folder)(`the SageMaker Python SDK with the local service${found.note}`, () => {
  let service: ServiceWithModels;
  let python: PythonClient;

  beforeAll(async () => {
    service = await startWithModels();
    python = await startPythonClient(found.folder!, service.url);
    await python.run(
      `
      global sagemaker, session, model, bucket
      import sagemaker
      from sagemaker.model import Model
      # Without a name for it the SDK asks AWS's own STS for the account, whatever AWS_ENDPOINT_URL says.
      session = sagemaker.Session(default_bucket="for-the-sdk")
      bucket = session.default_bucket()
      archive = session.upload_data(values, key_prefix="models/pairs")
      model = Model(image_uri="any", model_data=archive, role="arn:aws:iam::000000000000:role/any", sagemaker_session=session)`,
      service.pairs,
    );
  });

  afterAll(async () => {
    await python.close();
    await service.close();
  });

  it.each([
    ['classification', PAIRS, { scores: [expect.any(Number), expect.any(Number)] }],
    ['embedding', SINGLES, { embeddings: expect.any(Array) }],
  ])('runs the transformer of the %s page', async (mode, lines, row) => {
    const [status, out] = (await python.run(
      `
      mode, lines = values
      s3.put_object(Bucket=bucket, Key=f"{mode}/in/part 1.jsonl", Body="".join(line + "\\n" for line in lines))
      output_s3_path = f"s3://{bucket}/{mode}/out"
      transformer = model.transformer(instance_count=4,
                                      instance_type="ml.p2.xlarge",
                                      max_concurrent_transforms=2,
                                      max_payload=1,  # 1MB
                                      strategy="MultiRecord",
                                      env={"INFERENCE_PREFERRED_MODE": mode},  # only useful with GPU
                                      accept="application/jsonlines", assemble_with="Line",
                                      output_path=output_s3_path)
      transformer.transform(f"s3://{bucket}/{mode}/in/", content_type="application/jsonlines", split_type="Line", wait=False)
      s = session.sagemaker_client
      name = transformer.latest_transform_job.name
      # The SDK's own wait looks once in 10 s; it then finds the job ended.
      s.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 100})
      transformer.wait(logs=False)
      described = s.describe_transform_job(TransformJobName=name)
      return [described["TransformJobStatus"],
              s3.get_object(Bucket=bucket, Key=f"{mode}/out/part 1.jsonl.out")["Body"].read().decode()]`,
      [mode, lines],
    )) as [string, string];

    expect(status).toBe('Completed');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(lines.map(() => row));
  });

  it('deploys the model and asks it through a predictor', async () => {
    const seen = (await python.run(
      `
      from sagemaker.deserializers import JSONDeserializer
      from sagemaker.predictor import Predictor
      from sagemaker.serializers import JSONSerializer
      predictor = model.deploy(initial_instance_count=1, instance_type="ml.g5.xlarge", endpoint_name="by-sdk", wait=False) or Predictor(
          "by-sdk", sagemaker_session=session)
      predictor.serializer, predictor.deserializer = JSONSerializer(), JSONDeserializer()
      session.sagemaker_client.get_waiter("endpoint_in_service").wait(EndpointName="by-sdk", WaiterConfig={"Delay": 1, "MaxAttempts": 100})
      answer = predictor.predict({"instances": [values]})
      refused = error_of(lambda: predictor.predict({"instances": [{"in0": [-1], "in1": [1]}]}))
      predictor.delete_endpoint()
      return [answer, refused[:2]]`,
      pair(2),
    )) as unknown[];

    expect(seen).toEqual([
      { predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] },
      ['ModelError', 424],
    ]);
  });
});
