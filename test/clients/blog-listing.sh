#!/usr/bin/env bash
# The AWS CLI listings of AWS's blog post "Performing batch inference with TensorFlow Serving in Amazon SageMaker", as
# they were printed. Changed: $JOB_NAME, which the post never sets, is $TRANSFORM_JOB_NAME; the role, of which it prints
# a placeholder; the two job names get an end of their own, as both jobs here start within one second.
set -euo pipefail

# Looks ten times a second, since the waiter looks only once a minute; then the waiter finds it ended at once. Not with the
# CLI, each call of which is another Python that starts.
until_ended() {
  "$NODE" --input-type=module - "$1" <<'SCRIPT'
    const headers = { 'x-amz-target': 'SageMaker.DescribeTransformJob', 'content-type': 'application/x-amz-json-1.1' };
    const body = JSON.stringify({ TransformJobName: process.argv[2] });
    for (let status = 'InProgress'; status === 'InProgress'; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const answer = await fetch(process.env.AWS_ENDPOINT_URL, { method: 'POST', headers, body });
      status = (await answer.json()).TransformJobStatus;
    }
SCRIPT
  aws sagemaker wait transform-job-completed-or-stopped --transform-job-name "$1"
}

timestamp() {
  date +%Y-%m-%d-%H-%M-%S
}

MODEL_NAME="image-classification-tfs-$(timestamp)"
MODEL_DATA_URL="s3://my-sagemaker-bucket/model/model.tar.gz"

aws s3 cp model.tar.gz $MODEL_DATA_URL

REGION="us-west-2"
TFS_VERSION="1.13.1"
PROCESSOR_TYPE="gpu"

IMAGE="520713654638.dkr.ecr.$REGION.amazonaws.com/sagemaker-tensorflow-serving:$TFS_VERSION-$PROCESSOR_TYPE"

ROLE_ARN="arn:aws:iam::000000000000:role/SageMakerRole"

aws sagemaker create-model \
    --model-name $MODEL_NAME \
    --primary-container Image=$IMAGE,ModelDataUrl=$MODEL_DATA_URL \
    --execution-role-arn $ROLE_ARN

TRANSFORM_JOB_NAME="tfs-image-classification-job-$(timestamp)-jpeg"
TRANSFORM_S3_INPUT="s3://your-sagemaker-input-data/jpeg-images/"
TRANSFORM_S3_OUTPUT="s3://your-sagemaker-output-data-bucket/output"

TRANSFORM_INPUT_DATA_SOURCE={S3DataSource={S3DataType="S3Prefix",S3Uri=$TRANSFORM_S3_INPUT}}
CONTENT_TYPE="application/x-image"

INSTANCE_TYPE="ml.p3.2xlarge"
INSTANCE_COUNT=2

MAX_PAYLOAD_IN_MB=1
MAX_CONCURRENT_TRANSFORMS=64

aws sagemaker create-transform-job \
    --model-name $MODEL_NAME \
    --transform-input DataSource=$TRANSFORM_INPUT_DATA_SOURCE,ContentType=$CONTENT_TYPE \
    --transform-output S3OutputPath=$TRANSFORM_S3_OUTPUT \
    --transform-resources InstanceType=$INSTANCE_TYPE,InstanceCount=$INSTANCE_COUNT \
    --max-payload-in-mb $MAX_PAYLOAD_IN_MB \
    --max-concurrent-transforms $MAX_CONCURRENT_TRANSFORMS \
    --transform-job-name $TRANSFORM_JOB_NAME

# Not of the post, whose reader looks at the console until the job has ended.
until_ended $TRANSFORM_JOB_NAME

TRANSFORM_JOB_NAME="tfs-image-classification-job-$(timestamp)-tfrecord"

TRANSFORM_S3_INPUT="s3://your-sagemaker-input-data/tfrecord-images/"
TRANSFORM_S3_OUTPUT="s3://your-sagemaker-output-data-bucket/tfrecord-output/"

TRANSFORM_INPUT_DATA_SOURCE={S3DataSource={S3DataType="S3Prefix",S3Uri=$TRANSFORM_S3_INPUT}}

SPLIT_TYPE="TFRecord"
BATCH_STRATEGY="SingleRecord"

CONTENT_TYPE="application/x-tfexample"
DATA_SOURCE=$TRANSFORM_INPUT_DATA_SOURCE,ContentType=$CONTENT_TYPE,SplitType=$SPLIT_TYPE

ASSEMBLE_WITH="Line"

aws sagemaker create-transform-job \
    --model-name $MODEL_NAME \
    --transform-input DataSource=$DATA_SOURCE \
    --transform-output S3OutputPath=$TRANSFORM_S3_OUTPUT,AssembleWith=$ASSEMBLE_WITH \
    --transform-resources InstanceType=$INSTANCE_TYPE,InstanceCount=$INSTANCE_COUNT \
    --max-payload-in-mb $MAX_PAYLOAD_IN_MB \
    --max-concurrent-transforms $MAX_CONCURRENT_TRANSFORMS \
    --transform-job-name $TRANSFORM_JOB_NAME \
    --batch-strategy $BATCH_STRATEGY \
    --environment SAGEMAKER_TFS_ENABLE_BATCHING=true,SAGEMAKER_TFS_BATCH_TIMEOUT_MICROS="50000",SAGEMAKER_TFS_MAX_BATCH_SIZE="16"

until_ended $TRANSFORM_JOB_NAME
