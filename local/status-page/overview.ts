/** What a person wants to see of an endpoint or a job at a glance. */
export interface OverviewRow {
  readonly name: string;
  readonly region: string;
  readonly status: string;
  /** Why it failed, in the service's words. */
  readonly failureReason: string | undefined;
  /** What it is made of or from. */
  readonly about: string;
  readonly modifiedAt: Date;
  /** Folder or file below the log folder. */
  readonly logs: string;
  /** Address of what it writes. */
  readonly output: string | undefined;
}

/** All of one kind, the newest first. */
export interface Overview {
  /** Such as `Endpoints`. */
  readonly title: string;
  readonly rows: readonly OverviewRow[];
}
