import { serve } from "./serve.js";
import { openTfjs } from "./tfjs/open.js";

serve(() => openTfjs("wasm"));
