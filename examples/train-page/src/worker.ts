/** Trains away from the page, so that the page stays quick. */
import "@tlx/web/train-worker";
