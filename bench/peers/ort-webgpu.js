import { openOrtWebgpu } from "./ort/open.js";
import { serve } from "./serve.js";

serve(openOrtWebgpu);
