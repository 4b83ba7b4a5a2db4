/**
 * Capacity that follows the load, by the metric that the kind of endpoint publishes, and the clock. From nothing, target
 * tracking cannot come back: a metric per instance of no instances has no value. An alarm and a step do that.
 */
import { CfnScalableTarget, CfnScalingPolicy } from 'aws-cdk-lib/aws-applicationautoscaling';
import type { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct, type IDependable } from 'constructs';
import type { CapacitySchedule, Endpoint } from '../environments/endpoint-fields.ts';
import { backlogMetric, noCapacityMetric, VARIANT } from './endpoint-metrics.ts';
import { watch } from './watch.ts';

export interface EndpointScalingProps {
  readonly endpointName: string;
  readonly hosting: Endpoint;
  /** What has to exist before it can be scaled. */
  readonly scaled: IDependable;
}

interface Plan {
  readonly resourceId: string;
  readonly dimension: string;
  readonly min: number;
  readonly max: number;
  readonly tracking: Pick<
    CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty,
    'targetValue' | 'predefinedMetricSpecification' | 'customizedMetricSpecification'
  >;
  /** Published while there is no capacity and somebody waits for it. */
  readonly waiting: Metric | undefined;
}

type Scaling = NonNullable<Endpoint['scaling']>;

export class EndpointScaling extends Construct {
  constructor(scope: Construct, id: string, { endpointName, hosting, scaled }: EndpointScalingProps) {
    super(scope, id);
    const { scaling } = hosting;
    const plan = planFor(endpointName, hosting);
    if (!scaling || !plan) return;
    const target = new CfnScalableTarget(this, 'Target', {
      serviceNamespace: 'sagemaker',
      resourceId: plan.resourceId,
      scalableDimension: plan.dimension,
      minCapacity: plan.min,
      maxCapacity: plan.max,
      ...(scaling.schedules.length > 0 ? { scheduledActions: scaling.schedules.map(scheduledAction) } : {}),
    });
    target.node.addDependency(scaled);
    new CfnScalingPolicy(this, 'Load', {
      policyName: `${endpointName}-load`,
      policyType: 'TargetTrackingScaling',
      scalingTargetId: target.ref,
      targetTrackingScalingPolicyConfiguration: {
        ...plan.tracking,
        scaleInCooldown: scaling.scaleInSeconds,
        scaleOutCooldown: scaling.scaleOutSeconds,
      },
    });
    const canBeEmpty = plan.min === 0 || scaling.schedules.some(({ min }) => min === 0);
    if (canBeEmpty && plan.waiting) this.wake(target, endpointName, plan.waiting, scaling);
  }

  private wake(target: CfnScalableTarget, endpointName: string, waiting: Metric, scaling: Scaling): void {
    const policy = new CfnScalingPolicy(this, 'Wake', {
      policyName: `${endpointName}-wake`,
      policyType: 'StepScaling',
      scalingTargetId: target.ref,
      stepScalingPolicyConfiguration: {
        adjustmentType: 'ChangeInCapacity',
        metricAggregationType: 'Maximum',
        cooldown: scaling.scaleOutSeconds,
        stepAdjustments: [{ metricIntervalLowerBound: 0, scalingAdjustment: 1 }],
      },
    });
    watch(this, 'Waiting', {
      description: 'Somebody waits and there is no capacity. Starts the first; not a fault.',
      metric: waiting,
      threshold: 1,
      periods: 1,
    }).addAlarmAction({ bind: () => ({ alarmActionArn: policy.ref }) });
  }
}

function planFor(endpointName: string, hosting: Endpoint): Plan | undefined {
  const variant = {
    resourceId: `endpoint/${endpointName}/variant/${VARIANT}`,
    dimension: 'sagemaker:variant:DesiredInstanceCount',
  };
  if (hosting.mode === 'components') {
    const name = `${endpointName}-model`;
    return {
      resourceId: `inference-component/${name}`,
      dimension: 'sagemaker:inference-component:DesiredCopyCount',
      ...hosting.copies,
      tracking: predefined(
        'SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution',
        hosting.scaling.concurrentRequestsPerCopy,
      ),
      waiting: noCapacityMetric(name),
    };
  }
  if (!hosting.scaling) return undefined;
  if (hosting.mode === 'realtime') {
    const { min, max, invocationsPerInstancePerMinute: target } = hosting.scaling;
    const tracking = predefined('SageMakerVariantInvocationsPerInstance', target);
    return { ...variant, min, max, tracking, waiting: undefined };
  }
  const { min, max, backlogPerInstance } = hosting.scaling;
  return {
    ...variant,
    min,
    max,
    tracking: {
      targetValue: backlogPerInstance,
      customizedMetricSpecification: {
        namespace: 'AWS/SageMaker',
        metricName: 'ApproximateBacklogSizePerInstance',
        // AWS publishes it by this dimension alone; with the variant added it would never be found.
        dimensions: [{ name: 'EndpointName', value: endpointName }],
        statistic: 'Average',
      },
    },
    waiting: backlogMetric(endpointName, 'HasBacklogWithoutCapacity', { statistic: 'Maximum' }),
  };
}

function predefined(predefinedMetricType: string, targetValue: number): Plan['tracking'] {
  return { targetValue, predefinedMetricSpecification: { predefinedMetricType } };
}

function scheduledAction(schedule: CapacitySchedule): CfnScalableTarget.ScheduledActionProperty {
  return {
    scheduledActionName: schedule.name,
    schedule: schedule.expression,
    timezone: schedule.timeZone,
    scalableTargetAction: { minCapacity: schedule.min, maxCapacity: schedule.max },
  };
}
