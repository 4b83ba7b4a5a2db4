/**
 * Structured log lines on standard output: one JSON object with an event name and fields. Never payloads, token ids or
 * bodies. Writing never blocks the server: when nobody reads standard output, lines are dropped.
 */
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import { RepeatLimiter } from './repeat-limiter.ts';
import { standardOutput } from './standard-output.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** For what a client can provoke: the first lines of a `kind` are written, then about one a second. */
  repeated(level: LogLevel, event: string, kind: string, fields?: LogFields): void;
  /** Resolves when every line has been written, or nobody reads them; for the last moment of the process. */
  close(): Promise<void>;
}

/** Bytes of lines held while standard output is not read. */
const BUFFER_LIMIT = 1_048_576;
/** How long the end of the process waits for a reader of standard output. */
const CLOSE_MS = 500;

export function createLogger(level: string): Logger {
  const destination = pino.destination({ fd: standardOutput(), sync: false, maxLength: BUFFER_LIMIT });
  // A closed pipe must not end the service (spec faults P4).
  destination.on('error', () => {});
  const log = pinoFor(level, destination);
  return fromPino(log, async () => {
    // A line after the end would throw.
    log.level = 'silent';
    // The destination's flush() returns at once while a write is under way; only its end waits for it.
    const written = new Promise<void>((resolve) => destination.once('close', resolve));
    destination.end();
    const givenUp = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS));
    await Promise.race([written, givenUp]);
    // What was not read by then would be tried again, without an end, while the process ends.
    destination.destroy();
  });
}

function pinoFor(level: string, destination: DestinationStream): PinoLogger {
  return pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}

function fromPino(log: PinoLogger, close: () => Promise<void>): Logger {
  const limiter = new RepeatLimiter();
  return {
    debug: (event, fields) => log.debug(fields, event),
    info: (event, fields) => log.info(fields, event),
    warn: (event, fields) => log.warn(fields, event),
    error: (event, fields) => log.error(fields, event),
    repeated(level, event, kind, fields) {
      const suppressed = limiter.admit(kind, performance.now());
      if (suppressed === undefined) return;
      log[level](suppressed === 0 ? fields : { ...fields, suppressed }, event);
    },
    close,
  };
}
