/**
 * The Prefer header (RFC 7240), as far as it says how long a caller will wait: `respond-async` wants 202 at once,
 * `wait=20` will wait that long for a model that has to start. A preference is a wish; what is not understood is ignored.
 */
export interface Preference {
  readonly respondAsync: boolean;
  /** Undefined when the caller said nothing. */
  readonly waitMs: number | undefined;
}

export function readPreference(header: string | undefined): Preference {
  const wishes = (header ?? '').split(',').map((part) => part.split(';')[0]!.trim().toLowerCase());
  const seconds = wishes.map((wish) => /^wait\s*=\s*"?(\d{1,6})"?$/.exec(wish)?.[1]).find((text) => text !== undefined);
  return {
    respondAsync: wishes.includes('respond-async'),
    waitMs: seconds === undefined ? undefined : Number(seconds) * 1000,
  };
}
