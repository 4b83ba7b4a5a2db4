/**
 * SIGTERM as a flag: SageMaker sends it when a job is stopped or a Spot machine is taken back, and leaves two minutes to
 * save the model.
 */
export interface StopRequest {
  readonly requested: boolean;
}

/** A stop that came before the first step: there is nothing to save. */
export class StopBeforeTraining extends Error {}

/** @throws StopBeforeTraining */
export function endIfRequested({ requested }: StopRequest): void {
  if (requested) throw new StopBeforeTraining();
}

export interface StopListener extends StopRequest {
  /** Gives SIGTERM its usual meaning back. */
  dispose(): void;
}

export function listenForStop(): StopListener {
  let requested = false;
  const onSignal = (): void => {
    requested = true;
  };
  process.on('SIGTERM', onSignal);
  return {
    get requested() {
      return requested;
    },
    dispose: () => void process.off('SIGTERM', onSignal),
  };
}
