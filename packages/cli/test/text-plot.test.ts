import { describe, expect, it } from "vitest";
import { plotText } from "../src/text-plot.js";

describe("a curve in characters", () => {
  it("has its highest and lowest value, its ends and its marks", () => {
    const points = [0, 1, 2, 3, 4].map((x) => ({ x, y: (x - 3) ** 2 }));
    const plot = plotText({ points, marks: [{ x: 3, letter: "l" }], ends: ["0.1", "1"], width: 9, height: 4 });
    expect(plot).toBe(
      ["9.00 |*", "     |", "     |  *", "0.00 |    * * *", "     +---------", "            l", "      0.1     1"].join(
        "\n",
      ),
    );
  });

  it("of one value is a line", () => {
    const plot = plotText({ points: [1, 2].map((x) => ({ x, y: 5 })), ends: ["a", "b"], width: 4, height: 2 });
    expect(plot.split("\n")).toEqual(["5.00 |", "5.00 |*  *", "     +----", "      a  b"]);
  });
});
