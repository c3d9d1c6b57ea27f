/** Opcodes of Python's pickle that a reader of weights does not follow, by name, so that a refusal can say what it met. */
export const refusedOpcodes: ReadonlyMap<number, string> = new Map(
  Object.entries({
    ...{ "0": "POP", "1": "POP_MARK", "2": "DUP", F: "FLOAT", I: "INT", L: "LONG", P: "PERSID", S: "STRING" },
    ...{
      V: "UNICODE",
      d: "DICT",
      g: "GET",
      i: "INST",
      l: "LIST",
      o: "OBJ",
      p: "PUT",
      B: "BINBYTES",
      C: "SHORT_BINBYTES",
    },
    ...{ "\x81": "NEWOBJ", "\x82": "EXT1", "\x83": "EXT2", "\x84": "EXT4", "\x8b": "LONG4", "\x8e": "BINBYTES8" },
    ...{ "\x8f": "EMPTY_SET", "\x90": "ADDITEMS", "\x91": "FROZENSET", "\x92": "NEWOBJ_EX", "\x96": "BYTEARRAY8" },
    ...{ "\x97": "NEXT_BUFFER", "\x98": "READONLY_BUFFER" },
  }).map(([code, name]) => [code.charCodeAt(0), name]),
);
