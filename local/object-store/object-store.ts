/** What the local S3 keeps, and what its protocol (local/s3) and others of the local service ask of it. */
import type { Readable } from 'node:stream';
import type { Checksum } from './checksums.ts';

export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
}

/** What a client says about an object, to be said again to whoever reads it. */
export interface ObjectFacts {
  readonly contentType?: string;
  /** Content-Encoding, Cache-Control and their like, by lower-case name. */
  readonly headers?: Readonly<Record<string, string>>;
  /** `x-amz-meta-*`, without that prefix. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** As in `x-amz-tagging`: `a=1&b=2`. */
  readonly tags?: string;
  readonly checksum?: Checksum;
  /** Of an object that came as a multipart upload, in order. */
  readonly parts?: readonly PartFacts[];
}

export interface PartFacts {
  readonly bytes: number;
  readonly checksum?: string;
}

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** With its quotes. */
  readonly etag: string;
  readonly facts: ObjectFacts;
}

export interface OpenObject {
  readonly object: StoredObject;
  /** From byte `start` to `end`, both included. Call it once. */
  read(start: number, end: number): Buffer | Readable;
  /** For who does not read. */
  close(): void;
}

/** Bytes that arrived, under no name yet. */
export interface Received {
  readonly bytes: number;
  /** Hexadecimal. */
  readonly md5: string;
  readonly content: { readonly buffer: Buffer } | { readonly file: string };
}

export interface ListWish {
  readonly prefix?: string;
  /** Only keys after this one. */
  readonly after?: string;
  readonly delimiter?: string;
  readonly limit: number;
  /** For a further page: when its listing began. Folders are then not read again for every page. */
  readonly sinceMs?: number;
}

export interface Listing {
  readonly objects: readonly StoredObject[];
  readonly commonPrefixes: readonly string[];
  /** Absent when this page is the last. */
  readonly next?: {
    /** Where the next page starts. */
    readonly after: string;
    /** The last key or common prefix of this page. */
    readonly last: string;
  };
}

/** Names are those of S3; all calls throw {@link S3Error} for a bucket that is not there. */
export interface ObjectStore {
  buckets(): readonly Bucket[];
  hasBucket(bucket: string): boolean;
  createBucket(bucket: string): void;
  /** @throws S3Error BucketNotEmpty */
  deleteBucket(bucket: string): void;
  find(bucket: string, key: string): StoredObject | undefined;
  open(bucket: string, key: string): OpenObject | undefined;
  list(bucket: string, wish: ListWish): Listing;
  /** Takes bytes in; small ones stay in memory, others go to a file. Nothing is visible before {@link ObjectStore.put}. */
  receive(chunks: AsyncIterable<Uint8Array>): Promise<Received>;
  /** Makes what was received the object, at once and as a whole. */
  put(bucket: string, key: string, received: Received, facts: ObjectFacts, etag?: string): StoredObject;
  /** Forgets what was received. */
  drop(received: Received): void;
  /** Nothing happens when there is none. */
  delete(bucket: string, key: string): void;
  close(): void;
}
