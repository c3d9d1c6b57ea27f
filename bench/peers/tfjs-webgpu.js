import { serve } from "./serve.js";
import { openTfjs } from "./tfjs/open.js";

serve((adapter) => openTfjs("webgpu", adapter));
