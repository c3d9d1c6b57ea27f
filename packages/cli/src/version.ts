/** Version of tlx. */
export { version } from "@tlx/transfer";
