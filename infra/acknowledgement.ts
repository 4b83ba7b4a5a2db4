/** One finding of cdk-nag that stays, by its exact id, and why. */
export interface Acknowledgement {
  readonly id: string;
  readonly reason: string;
}
