/** Version of tlx: all its packages have the same. A run goes on with the version it was begun with. */
export const version = "0.1.0";
