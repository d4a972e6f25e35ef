#include "models/model_use.h"

#include <utility>

namespace troupe::models {

void tell_use(CallContext& context, const ModelUse& use) {
  const Usage& usage = use.usage;
  if (usage.input_tokens + usage.output_tokens == 0) return;
  Event event{.type = "usage",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields = {
      {"model", use.model}, {"input_tokens", usage.input_tokens}, {"output_tokens", usage.output_tokens}};
  if (usage.cached_tokens > 0) event.fields["cached_tokens"] = usage.cached_tokens;
  if (usage.cache_write_tokens > 0) event.fields["cache_write_tokens"] = usage.cache_write_tokens;
  if (usage.estimated) event.fields["estimated"] = true;
  event.fields["cost"] = use.cost;
  event.fields["ms"] = use.ms;
  if (use.cache_hit) event.fields["cache_hit"] = true;
  context.events.publish(std::move(event));
}

}  // namespace troupe::models
