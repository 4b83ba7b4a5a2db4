/** A deployment's fields as CloudFormation takes them, for endpoints and for components. */
import type { CfnEndpoint, CfnInferenceComponent } from 'aws-cdk-lib/aws-sagemaker';
import { type Deployment, LONGEST_DEPLOYMENT_SECONDS, plannedSeconds } from '../environments/deployment-fields.ts';

/** On top of the waits: instances that start, images that are pulled, models that warm up. */
const STARTING_SECONDS = 7200;

function longestSeconds(deployment: Deployment): number {
  return Math.min(LONGEST_DEPLOYMENT_SECONDS, plannedSeconds(deployment) + STARTING_SECONDS);
}

const share = (value: number) => ({ type: 'CAPACITY_PERCENT', value });

/** @param alarmNames Any of them ringing sends all traffic back to the old fleet. */
export function endpointDeployment(
  deployment: Deployment,
  alarmNames: readonly string[],
): CfnEndpoint.DeploymentConfigProperty {
  const autoRollbackConfiguration = { alarms: alarmNames.map((alarmName) => ({ alarmName })) };
  const maximumExecutionTimeoutInSeconds = longestSeconds(deployment);
  if (deployment.strategy === 'rolling') {
    const rollingUpdatePolicy = {
      maximumBatchSize: share(deployment.percent),
      // Back in one go: the old model is known to be good.
      rollbackMaximumBatchSize: share(100),
      waitIntervalInSeconds: deployment.waitSeconds,
      maximumExecutionTimeoutInSeconds,
    };
    return { autoRollbackConfiguration, rollingUpdatePolicy };
  }
  return {
    autoRollbackConfiguration,
    blueGreenUpdatePolicy: {
      trafficRoutingConfiguration: trafficRouting(deployment),
      terminationWaitInSeconds: deployment.bakeSeconds,
      maximumExecutionTimeoutInSeconds,
    },
  };
}

function trafficRouting(
  deployment: Exclude<Deployment, { strategy: 'rolling' }>,
): CfnEndpoint.TrafficRoutingConfigProperty {
  if (deployment.strategy === 'allAtOnce') return { type: 'ALL_AT_ONCE', waitIntervalInSeconds: 0 };
  const { percent, waitSeconds: waitIntervalInSeconds } = deployment;
  return deployment.strategy === 'canary'
    ? { type: 'CANARY', canarySize: share(percent), waitIntervalInSeconds }
    : { type: 'LINEAR', linearStepSize: share(percent), waitIntervalInSeconds };
}

/** @throws Error for any strategy but rolling, which the environment's rules refuse before */
export function componentDeployment(
  deployment: Deployment,
  alarmNames: readonly string[],
): CfnInferenceComponent.InferenceComponentDeploymentConfigProperty {
  if (deployment.strategy !== 'rolling') throw new Error(`This is a bug: components take no ${deployment.strategy}.`);
  return {
    autoRollbackConfiguration: { alarms: alarmNames.map((alarmName) => ({ alarmName })) },
    rollingUpdatePolicy: {
      maximumBatchSize: { type: 'CAPACITY_PERCENT', value: deployment.percent },
      rollbackMaximumBatchSize: { type: 'CAPACITY_PERCENT', value: 100 },
      waitIntervalInSeconds: deployment.waitSeconds,
      maximumExecutionTimeoutInSeconds: longestSeconds(deployment),
    },
  };
}
