/** @returns a tensor of `data`; whole numbers are int32, which is what TensorFlow.js has */
export function tensorOf(tf, { shape, dtype }, data) {
  return dtype === "f32"
    ? tf.tensor(Float32Array.from(data), shape, "float32")
    : tf.tensor(Int32Array.from(data), shape, "int32");
}
