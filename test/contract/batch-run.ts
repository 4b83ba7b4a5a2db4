/** One batch run, driven step by step through the orchestrator as the state machine would. */
import { setTimeout as pause } from 'node:timers/promises';
import type { TransformPlan } from '#core/jobs/plan-transform.ts';
import type { JobState } from '../../lambdas/orchestrator/observe-job.ts';
import type { ReconcileResult } from '../../lambdas/orchestrator/reconcile-job.ts';
import { POLL_MS } from './lambda-service.ts';

export type Orchestrate = (event: unknown) => Promise<unknown>;

export interface BatchRun {
  act(action: string, more?: object): Promise<unknown>;
  plan(attempt?: number): Promise<TransformPlan>;
  reconcile(attempt?: number, more?: object): Promise<ReconcileResult>;
  /** Looks until the job of the attempt has ended. */
  untilEnded(attempt?: number): Promise<JobState>;
}

export function batchRun(orchestrate: Orchestrate, definition: object, scheduledTime: string): BatchRun {
  const act = (action: string, more: object = {}) => orchestrate({ action, definition, scheduledTime, ...more });
  return {
    act,
    plan: async (attempt = 0) => (await act('plan', { attempt })) as TransformPlan,
    reconcile: async (attempt = 0, more = {}) => (await act('reconcile', { attempt, ...more })) as ReconcileResult,
    async untilEnded(attempt = 0) {
      for (;;) {
        const state = (await act('observe', { attempt })) as JobState;
        if (state.status !== 'InProgress' && state.status !== 'Stopping') return state;
        await pause(POLL_MS);
      }
    },
  };
}
