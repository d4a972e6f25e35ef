#include "models/trial/bounded.h"

namespace troupe::models {

CallContext bounded(CallContext& context, Milliseconds longest) {
  return {.loop = context.loop,
          .stop = context.stop,
          .deadline = context.deadline.sooner(Deadline::after(context.loop.clock(), longest)),
          .events = context.events,
          .principal = context.principal};
}

}  // namespace troupe::models
