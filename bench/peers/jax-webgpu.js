import { openJax } from "./jax/open.js";
import { serve } from "./serve.js";

serve(openJax);
