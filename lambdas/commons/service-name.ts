/** What logs, metrics and traces of this function are called: the folder that it was bundled from. */
export function serviceName(): string {
  return process.env.POWERTOOLS_SERVICE_NAME ?? 'twinvec';
}
