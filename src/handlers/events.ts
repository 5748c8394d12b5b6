// Watch events on the wire. An event is encoded once for all watchers that want it in the same form.
import { apiVersionOf } from '../api/meta/object.js';
import type { Status } from '../api/types/meta-v1.gen.js';
import { eventTable, tableOfPart } from './forms/table.js';
import type { Item } from './forms/item.js';
import { partialMetadata } from './forms/metadata.js';
import type { Negotiated } from './negotiation.js';
import type { Subject } from './respond.js';
import { readJson } from '../util/exact-json.js';

/** As in the type of a watch event. */
export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';

/** One event of a watch. */
export interface WatchedEvent {
  readonly type: EventType;
  readonly item: Item;
  /** Where the encoded forms of the change are kept, for the next watcher; absent: not shared. */
  readonly forms?: Map<string, Buffer> | undefined;
}

/** Makes the frames of one watch. */
export interface EventEncoder {
  /** The bytes of an event, to be written as they are. Must be called in the order in which they are sent. */
  event(event: WatchedEvent): Buffer;
  /** The bytes of an ERROR event, the last of a watch. */
  error(status: Status): Buffer;
}

type Frame = (type: string, object: Buffer) => Buffer;

const JSON_END = Buffer.from('}\n');

function jsonFrame(type: string, object: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, JSON_END]);
}

/** The encoder for one watch; `subject.now` is read at each event that shows an age. */
export async function eventEncoder(
  negotiated: Negotiated,
  subject: Omit<Subject, 'now'> & { readonly now: () => number },
): Promise<EventEncoder> {
  const frame = negotiated.encoding === 'protobuf' ? await protobufFrame() : jsonFrame;
  // two versions of a kind may share a store, and so its changes
  const form = `${apiVersionOf(subject.definition)} ${negotiated.contentType} ${negotiated.form} ${negotiated.formVersion} ${negotiated.includeObject}`;
  const kind = tableOfPart(subject.definition, subject.subresource);
  let first = negotiated.form === 'table';
  const encode = ({ type, item }: WatchedEvent): Buffer => {
    if (negotiated.form === 'object') return frame(type, item.shown);
    if (negotiated.form === 'metadata') return frame(type, partialMetadata(subject.definition, item, negotiated.formVersion));
    const options = {
      version: negotiated.formVersion,
      includeObject: negotiated.includeObject,
      now: subject.now(),
      first,
      bookmark: type === 'BOOKMARK',
    };
    return frame(type, eventTable(kind, item, options));
  };
  return {
    event(event) {
      const key = `${event.type} ${form}${first ? ' first' : ''}`;
      const made = event.forms?.get(key) ?? encode(event);
      event.forms?.set(key, made);
      first = false;
      return made;
    },
    error: (status) => frame('ERROR', Buffer.from(JSON.stringify(status))),
  };
}

async function protobufFrame(): Promise<Frame> {
  const { encodeWatchEvent } = await import('../api/protobuf/index.js');
  return (type, object) => encodeWatchEvent(type, readJson(object.toString()) as { kind: string });
}
