/** Pages of the AWS console that somebody who was told of a failed run opens next. */
import type { S3Uri } from '#core/sagemaker/s3-uri.ts';

/** Console hosts by partition (AWS docs, "Service endpoints": one console for each partition). */
const HOST_OF: Readonly<Record<string, string>> = {
  aws: 'console.aws.amazon.com',
  'aws-cn': 'console.amazonaws.cn',
  'aws-us-gov': 'console.amazonaws-us-gov.com',
};

export interface ConsoleLinks {
  readonly run: string;
  transformJob(name: string): string;
  object(at: S3Uri): string;
}

/** @param executionArn Of the run; its partition and region are those of everything else */
export function consoleLinks(executionArn: string): ConsoleLinks {
  const [, partition = 'aws', , region = 'us-east-1'] = executionArn.split(':');
  const host = HOST_OF[partition] ?? HOST_OF.aws;
  const home = (service: string) => `https://${region}.${host}/${service}/home?region=${region}#`;
  return {
    run: `${home('states')}/v2/executions/details/${executionArn}`,
    transformJob: (name) => `${home('sagemaker')}/transform-jobs/${name}`,
    object: ({ bucket, key }) =>
      `https://${region}.${host}/s3/object/${bucket}?region=${region}&prefix=${encodeURIComponent(key)}`,
  };
}
