/**
 * Every object of an input, checked before any instance is paid for: names, sizes, then the bytes of each.
 */
import { toAddress } from '#core/jobs/s3-address.ts';
import { mebibytes } from '#core/limits.ts';
import { type InputObject, openInput } from '../commons/input-objects.ts';
import { type ListedObject, readObject, type S3Access } from '../commons/s3-objects.ts';
import { checkObject } from './check-object.ts';
import type { ValidateEvent } from './event.ts';
import { readingStart } from './line-range.ts';
import { strayReason } from './object-name.ts';
import { ReportBuilder, type ValidationReport } from './report.ts';

/** @throws TwinvecError InvalidManifest; others when S3 could not be read to the end */
export async function validateInput(s3: S3Access, event: ValidateEvent): Promise<ValidationReport> {
  const report = new ReportBuilder();
  const input = await openInput(s3, event);
  // What a manifest names is not there by accident of its folder.
  const prefix = input.manifest ? '' : input.base.key;
  let objects = 0;
  let bytesLeft = event.byteBudget;
  for await (const object of input.objects(event.part)) {
    objects += 1;
    const { range } = event.part ?? {};
    // An object in ranges is counted by the first of them.
    if (!range || range.start === 0) report.countObject(object.bytes);
    if (!passesByName(object, prefix, event, report)) continue;
    const bytes = bytesToRead(object, event);
    if (bytes > bytesLeft) {
      leaveUnread(event, report);
      break;
    }
    bytesLeft -= bytes;
    const reading = {
      object: toAddress(object),
      range,
      mostBytes: event.mode === 'sample' ? event.sampleBytes : undefined,
    };
    await checkObject(readObject(s3, object, range ? readingStart(range) : 0), reading, event, report);
  }
  if (objects === 0) {
    // A transform over nothing ends as Completed with no output (spec faults Q7).
    report.addFatal({ object: event.inputS3Uri, code: 'NotFound', message: 'No object starts with this prefix.' });
  }
  return report.build(event.maxBadRecords);
}

/** A sample may end anywhere; a full check that did not see all of the input has found out nothing. */
function leaveUnread({ mode, byteBudget, inputS3Uri }: ValidateEvent, report: ReportBuilder): void {
  report.noteIncomplete();
  if (mode === 'sample') return;
  const message = `The input has more than the byte budget of ${byteBudget}. Plan it in parts, or check a sample.`;
  report.addFatal({ object: inputS3Uri, code: 'PayloadTooLarge', message });
}

function bytesToRead({ bytes }: ListedObject, { mode, sampleBytes, part }: ValidateEvent): number {
  if (part?.range) return part.range.end - part.range.start;
  return mode === 'sample' ? Math.min(bytes, sampleBytes) : bytes;
}

/** Name and size first: what is wrong by its name is not worth reading. */
function passesByName(object: InputObject, prefix: string, event: ValidateEvent, report: ReportBuilder): boolean {
  const address = toAddress(object);
  if (object.missing) {
    report.addFatal({
      object: address,
      code: 'NotFound',
      message: 'The manifest names it, and there is no such object.',
    });
    return false;
  }
  const stray = strayReason(prefix, object.key, event);
  if (stray !== undefined) {
    report.addFatal({ object: address, code: 'UnsupportedMediaType', message: `The object ${stray}.` });
    return false;
  }
  if (object.bytes === 0) {
    report.addFatal({ object: address, code: 'EmptyBody', message: 'The object has no bytes.' });
    return false;
  }
  const isWhole = event.splitType === 'None' && event.compressionType === 'None';
  if (isWhole && object.bytes > mebibytes(event.maxPayloadInMB)) {
    const message = `The object has ${object.bytes} bytes and is sent whole; MaxPayloadInMB is ${event.maxPayloadInMB}.`;
    report.addFatal({ object: address, code: 'PayloadTooLarge', message });
    return false;
  }
  return true;
}
