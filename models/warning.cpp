#include "models/warning.h"

#include <utility>

namespace troupe::models {

void warn(CallContext& context, std::string_view code, std::string text) {
  Event event{.type = "warning",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields["code"] = code;
  event.fields["text"] = std::move(text);
  context.events.publish(std::move(event));
}

}  // namespace troupe::models
