import { openOrtNode } from "./ort/open.js";
import { serve } from "./serve.js";

serve(openOrtNode);
