/** The SageMaker Python SDK with the local service: the transformers of AWS's Object2Vec pages, a model, a predictor. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pair } from '../fixtures/pair-model/train-pair-model.ts';
import { topicPairs } from '../fixtures/training-job/training-job.ts';
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

  it('trains by an Estimator that follows the log, finds the job again, and transforms with its log', async () => {
    const [log, artifact, attached, transformLog, out] = (await python.run(
      `
      import contextlib, io
      from sagemaker.estimator import Estimator
      from sagemaker.inputs import TrainingInput
      rows, line = values
      s3.put_object(Bucket=bucket, Key="train/a.jsonl", Body=rows)
      s3.put_object(Bucket=bucket, Key="followed/in/a.jsonl", Body=line)
      def printed(call):
          with contextlib.redirect_stdout(io.StringIO()) as out:
              call()
          return out.getvalue()
      estimator = Estimator(image_uri="object2vec", role="arn:aws:iam::000000000000:role/any", instance_count=1,
                            instance_type="ml.m5.xlarge", output_path=f"s3://{bucket}/trained", sagemaker_session=session,
                            hyperparameters=dict(enc0_network="pooled_embedding", enc0_vocab_size=2000, enc0_max_seq_len=5, enc_dim=16,
                                                 mlp_dim=16, mini_batch_size=8, epochs=1))
      log = printed(lambda: estimator.fit({"train": TrainingInput(f"s3://{bucket}/train/", content_type="application/jsonlines")},
                                          wait=True, logs=True))
      name = estimator.latest_training_job.name
      transformer = estimator.transformer(1, "ml.m5.xlarge", output_path=f"s3://{bucket}/followed/out", assemble_with="Line")
      transformer.transform(f"s3://{bucket}/followed/in/", content_type="application/jsonlines", split_type="Line", wait=False)
      transform_log = printed(lambda: transformer.wait(logs=True))
      return [log, estimator.model_data == f"s3://{bucket}/trained/{name}/output/model.tar.gz",
              Estimator.attach(name, sagemaker_session=session).model_data == estimator.model_data,
              transform_log, s3.get_object(Bucket=bucket, Key="followed/out/a.jsonl.out")["Body"].read().decode()]`,
      [topicPairs(0, 200), PAIRS[0]],
    )) as [string, boolean, boolean, string, string];

    expect(log).toContain('Completed - Training job completed');
    expect(log).toContain('#progress_metric: host=algo-1, completed 100 % of epochs');
    expect(log).toContain('Training seconds: ');
    expect([artifact, attached]).toEqual([true, true]);
    expect(transformLog).toContain('[sagemaker logs]: MaxConcurrentTransforms=');
    expect(JSON.parse(out)).toEqual({ scores: [expect.any(Number), expect.any(Number)] });
  });
});
