/** SageMaker on this machine through boto3: hosting, batch transform, training, errors and paginators. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pair } from '../fixtures/pair-model/train-pair-model.ts';
import { topicPairs } from '../fixtures/training-job/training-job.ts';
import { AWS_CLI, findPackages, type PythonClient, startPythonClient } from './python-client.ts';
import { type ServiceWithModels, startWithModels } from './start-with-models.ts';

const found = await findPackages(AWS_CLI);
const LINES = [1, 2, 3, 4, 5].map((n) => JSON.stringify(pair(n)));
const WAIT = 'WaiterConfig={"Delay": 1, "MaxAttempts": 100}';

describe.skipIf(!found.folder)(`boto3 with the local SageMaker${found.note}`, () => {
  let service: ServiceWithModels;
  let python: PythonClient;

  beforeAll(async () => {
    service = await startWithModels();
    python = await startPythonClient(found.folder!, service.url);
    await python.run(
      `
      s3.create_bucket(Bucket="bucket")
      s3.upload_file(values["archive"], "bucket", "models/pairs/model.tar.gz")
      for name in ["a", "b", "c"]:
          s3.put_object(Bucket="bucket", Key=f"in/{name} +.jsonl", Body="".join(line + "\\n" for line in values["lines"]))
      global ROLE
      ROLE = "arn:aws:iam::000000000000:role/any"
      sagemaker_client.create_model(ModelName="pairs", ExecutionRoleArn=ROLE, PrimaryContainer={
          "Image": "000000000000.dkr.ecr.us-east-1.amazonaws.com/twinvec:latest",
          "ModelDataUrl": "s3://bucket/models/pairs/model.tar.gz"})`,
      { archive: service.pairs, lines: LINES },
    );
  });

  afterAll(async () => {
    await python.close();
    await service.close();
  });

  it('creates an endpoint, waits for it, invokes it, meets the model’s refusal, and deletes it', async () => {
    // Act
    const seen = (await python.run(
      `
      sagemaker_client.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[
          {"VariantName": "AllTraffic", "ModelName": "pairs", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}])
      sagemaker_client.create_endpoint(EndpointName="pairs", EndpointConfigName="config")
      sagemaker_client.get_waiter("endpoint_in_service").wait(EndpointName="pairs", ${WAIT})
      good = runtime.invoke_endpoint(EndpointName="pairs", ContentType="application/json", Accept="application/json",
                                     Body=json.dumps({"instances": [values]}))
      try:
          runtime.invoke_endpoint(EndpointName="pairs", ContentType="application/json", Body='{"instances": [{"in0": [-1], "in1": [1]}]}')
      except runtime.exceptions.ModelError as refused:
          refusal = [refused.response["OriginalStatusCode"], refused.response["OriginalMessage"]]
      described = sagemaker_client.describe_endpoint(EndpointName="pairs")
      sagemaker_client.delete_endpoint(EndpointName="pairs")
      sagemaker_client.get_waiter("endpoint_deleted").wait(EndpointName="pairs", ${WAIT})
      gone = error_of(lambda: runtime.invoke_endpoint(EndpointName="pairs", Body="{}"))
      return [json.loads(good["Body"].read()), good["ContentType"], good["InvokedProductionVariant"], refusal, described["EndpointStatus"], gone]`,
      pair(1),
    )) as unknown[];

    // Assess
    expect(seen).toEqual([
      { predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] },
      'application/json',
      'AllTraffic',
      [422, expect.stringContaining('InvalidTokenId')],
      'InService',
      ['ValidationError', 400, 'Endpoint pairs of account 000000000000 not found.'],
    ]);
  });

  it('invokes asynchronously, waits for the object, and reads a streamed answer', async () => {
    const [location, answer, streamed] = (await python.run(
      `
      sagemaker_client.create_endpoint_config(EndpointConfigName="async", ProductionVariants=[
          {"VariantName": "v", "ModelName": "pairs", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}],
          AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://bucket/async-out"}})
      sagemaker_client.create_endpoint_config(EndpointConfigName="streams", ProductionVariants=[
          {"VariantName": "v", "ModelName": "pairs", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}])
      for name in ["async", "streams"]:
          sagemaker_client.create_endpoint(EndpointName=name, EndpointConfigName=name)
      for name in ["async", "streams"]:
          sagemaker_client.get_waiter("endpoint_in_service").wait(EndpointName=name, ${WAIT})
      body = json.dumps({"instances": [values]})
      s3.put_object(Bucket="bucket", Key="async-in/a.json", Body=body)
      accepted = runtime.invoke_endpoint_async(EndpointName="async", InputLocation="s3://bucket/async-in/a.json",
                                               ContentType="application/json", InferenceId="mine")
      key = accepted["OutputLocation"].removeprefix("s3://bucket/")
      s3.get_waiter("object_exists").wait(Bucket="bucket", Key=key, ${WAIT})
      answer = s3.get_object(Bucket="bucket", Key=key)["Body"].read().decode()
      stream = runtime.invoke_endpoint_with_response_stream(EndpointName="streams", ContentType="application/json", Body=body)
      parts = b"".join(event["PayloadPart"]["Bytes"] for event in stream["Body"])
      for name in ["async", "streams"]:
          sagemaker_client.delete_endpoint(EndpointName=name)
      return [accepted["OutputLocation"], answer, parts.decode()]`,
      pair(3),
    )) as [string, string, string];

    const scored = { predictions: [{ scores: [expect.any(Number), expect.any(Number)] }] };
    expect(location).toBe('s3://bucket/async-out/mine.out');
    expect(JSON.parse(answer)).toEqual(scored);
    expect(JSON.parse(streamed)).toEqual(scored);
  });

  it('transforms a prefix and waits for the job', async () => {
    // Act
    const [status, keys, lines] = (await python.run(`
      sagemaker_client.create_transform_job(
          TransformJobName="job-1", ModelName="pairs", MaxConcurrentTransforms=2, MaxPayloadInMB=1, BatchStrategy="MultiRecord",
          Environment={"INFERENCE_PREFERRED_MODE": "classification"},
          TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in/"}},
                          "ContentType": "application/jsonlines", "SplitType": "Line"},
          TransformOutput={"S3OutputPath": "s3://bucket/out", "Accept": "application/jsonlines", "AssembleWith": "Line"},
          TransformResources={"InstanceType": "ml.p2.xlarge", "InstanceCount": 4})
      sagemaker_client.get_waiter("transform_job_completed_or_stopped").wait(TransformJobName="job-1", ${WAIT})
      keys = [one["Key"] for one in s3.list_objects_v2(Bucket="bucket", Prefix="out/")["Contents"]]
      lines = s3.get_object(Bucket="bucket", Key="out/b +.jsonl.out")["Body"].read().decode().splitlines()
      return [sagemaker_client.describe_transform_job(TransformJobName="job-1")["TransformJobStatus"], keys, lines]`)) as [
      string,
      string[],
      string[],
    ];

    // Assess
    expect(status).toBe('Completed');
    expect(keys).toEqual(['a', 'b', 'c'].map((name) => `out/${name} +.jsonl.out`));
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      LINES.map(() => ({ scores: [expect.any(Number), expect.any(Number)] })),
    );
  });

  it('trains a model, waits for it, and finds its artifact and metrics', async () => {
    // Act
    const [job, artifact] = (await python.run(
      `
      s3.put_object(Bucket="bucket", Key="train/pairs.jsonl", Body=values)
      sagemaker_client.create_training_job(
          TrainingJobName="train-1", RoleArn=ROLE, AlgorithmSpecification={"TrainingImage": "object2vec", "TrainingInputMode": "File"},
          HyperParameters={"enc0_network": "pooled_embedding", "enc0_vocab_size": "2000", "enc0_max_seq_len": "5", "enc_dim": "16",
                           "mlp_dim": "16", "mini_batch_size": "8", "epochs": "1"},
          InputDataConfig=[{"ChannelName": "train", "ContentType": "application/jsonlines", "DataSource": {"S3DataSource": {
              "S3DataType": "S3Prefix", "S3Uri": "s3://bucket/train/", "S3DataDistributionType": "FullyReplicated"}}}],
          OutputDataConfig={"S3OutputPath": "s3://bucket/trained"},
          ResourceConfig={"InstanceType": "ml.p3.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 5},
          StoppingCondition={"MaxRuntimeInSeconds": 600})
      sagemaker_client.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName="train-1", ${WAIT})
      job = sagemaker_client.describe_training_job(TrainingJobName="train-1")
      artifact = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://bucket/")
      return [[job["TrainingJobStatus"], len(job["FinalMetricDataList"]) > 0], s3.head_object(Bucket="bucket", Key=artifact)["ContentLength"]]`,
      topicPairs(0, 200),
    )) as [unknown, number];

    // Assess
    expect(job).toEqual(['Completed', true]);
    expect(artifact).toBeGreaterThan(1000);
  });

  it('pages through models with its paginators, and tags them', async () => {
    const seen = await python.run(`
      for n in range(7):
          sagemaker_client.create_model(ModelName=f"paged-{n}", ExecutionRoleArn=ROLE, Tags=[{"Key": "n", "Value": str(n)}],
                                        PrimaryContainer={"ModelDataUrl": "s3://bucket/models/pairs/model.tar.gz"})
      pages = list(sagemaker_client.get_paginator("list_models").paginate(
          NameContains="paged", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 3}))
      names = [model["ModelName"] for page in pages for model in page["Models"]]
      tags = sagemaker_client.list_tags(ResourceArn=pages[0]["Models"][1]["ModelArn"])["Tags"]
      return [len(pages), names, tags]`);

    expect(seen).toEqual([3, [0, 1, 2, 3, 4, 5, 6].map((n) => `paged-${n}`), [{ Key: 'n', Value: '1' }]]);
  });

  it('meets the errors of SageMaker as its own exceptions', async () => {
    const errors = (await python.run(`
      job = dict(TransformJobName="job-1", ModelName="pairs",
          TransformInput={"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/in/"}}},
          TransformOutput={"S3OutputPath": "s3://bucket/out"}, TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1})
      return [error_of(call)[:2] for call in [
          lambda: sagemaker_client.describe_model(ModelName="none"),
          lambda: sagemaker_client.describe_endpoint(EndpointName="none"),
          lambda: sagemaker_client.create_transform_job(**job),
          lambda: sagemaker_client.create_transform_job(**{**job, "TransformJobName": "a_b"}),
          lambda: sagemaker_client.describe_training_job(TrainingJobName="none"),
          lambda: sagemaker_client.create_endpoint(EndpointName="e", EndpointConfigName="none"),
          lambda: sagemaker_client.list_domains(),
      ]]`)) as unknown[][];

    expect(errors).toEqual([
      ['ValidationException', 400],
      ['ValidationException', 400],
      ['ResourceInUse', 400],
      ['ValidationException', 400],
      ['ValidationException', 400],
      ['ValidationException', 400],
      ['UnknownOperationException', 400],
    ]);
  });
});
