/**
 * TensorBoard's messages, as far as they are written here: an event with the value of a step, or with the version of the file.
 *
 * Source   event.proto, summary.proto, tensor.proto and plugin_text of TensorBoard: names and numbers of the fields
 */
import protobuf from "protobufjs/light.js";

const messages = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { type: "double", id: 1 },
        step: { type: "int64", id: 2 },
        fileVersion: { type: "string", id: 3 },
        summary: { type: "Summary", id: 5 },
      },
    },
    Summary: { fields: { value: { rule: "repeated", type: "Value", id: 1 } } },
    Value: {
      fields: {
        tag: { type: "string", id: 1 },
        simpleValue: { type: "float", id: 2 },
        image: { type: "Image", id: 4 },
        tensor: { type: "Tensor", id: 8 },
        metadata: { type: "Metadata", id: 9 },
      },
    },
    Image: {
      fields: {
        height: { type: "int32", id: 1 },
        width: { type: "int32", id: 2 },
        colorspace: { type: "int32", id: 3 },
        encodedImageString: { type: "bytes", id: 4 },
      },
    },
    Tensor: {
      fields: {
        dtype: { type: "int32", id: 1 },
        tensorShape: { type: "Shape", id: 2 },
        stringVal: { rule: "repeated", type: "bytes", id: 8 },
      },
    },
    Shape: { fields: { dim: { rule: "repeated", type: "Dim", id: 2 } } },
    Dim: { fields: { size: { type: "int64", id: 1 } } },
    Metadata: { fields: { pluginData: { type: "PluginData", id: 1 }, dataClass: { type: "int32", id: 4 } } },
    PluginData: { fields: { pluginName: { type: "string", id: 1 } } },
  },
});
const message = messages.lookupType("Event");

/** What is told of a step. */
export type Value =
  | { readonly tag: string; readonly scalar: number }
  | { readonly tag: string; readonly text: string }
  | { readonly tag: string; readonly png: Uint8Array; readonly width: number; readonly height: number };

const STRING = 7;
const RGB = 3;
/** Class of data of the text plugin. */
const TENSOR = 2;

function fieldsOf(value: Value): object {
  const { tag } = value;
  if ("scalar" in value) return { tag, simpleValue: value.scalar };
  if ("png" in value) {
    const { png, width, height } = value;
    return { tag, image: { width, height, colorspace: RGB, encodedImageString: png } };
  }
  return {
    tag,
    tensor: { dtype: STRING, tensorShape: { dim: [{ size: 1 }] }, stringVal: [Buffer.from(value.text)] },
    metadata: { pluginData: { pluginName: "text" }, dataClass: TENSOR },
  };
}

const encode = (fields: object): Uint8Array => message.encode(message.create(fields)).finish();

/** The first of every file. `wallTime`: seconds since 1970. */
export const versionMessage = (wallTime: number): Uint8Array => encode({ wallTime, fileVersion: "brain.Event:2" });

export const eventMessage = (wallTime: number, step: number, values: readonly Value[]): Uint8Array =>
  encode({ wallTime, step, summary: { value: values.map(fieldsOf) } });

interface WrittenEvent {
  readonly step?: number;
  readonly summary?: { readonly value?: readonly { readonly tag: string }[] };
}

/** Which values of which step an event holds. */
export function tagsOf(bytes: Uint8Array): { readonly step: number; readonly tags: readonly string[] } {
  const event: WrittenEvent = message.toObject(message.decode(bytes), { longs: Number });
  return { step: event.step ?? 0, tags: (event.summary?.value ?? []).map((value) => value.tag) };
}
