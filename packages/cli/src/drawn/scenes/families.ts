import { animals } from "./animals.js";
import type { Family } from "./brush.js";
import { faces } from "./faces.js";
import { food } from "./food.js";
import { kitchen } from "./kitchen.js";
import { objects } from "./objects.js";
import { patterns } from "./patterns.js";
import { places } from "./places.js";
import { tools } from "./tools.js";
import { vehicles } from "./vehicles.js";

/** What draws one thing of every family. */
export const sceneFamilies: Readonly<Record<string, Family>> = {
  ...food,
  ...kitchen,
  ...animals,
  ...faces,
  ...objects,
  ...tools,
  ...vehicles,
  ...places,
  ...patterns,
};
