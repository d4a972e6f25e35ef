#pragma once

#include "agents/teams/names.h"
#include "agents/teams/part_shape.h"
#include "agents/teams/settings.h"
#include "runtime/config/record.h"

#include <optional>

namespace troupe::agents {

config::ShapePtr<FailurePolicy> on_failure_shape();
config::ShapePtr<FailurePolicy> retries_shape();
config::ShapePtr<FailurePolicy> substitute_shape();
/// Says what does not go together.
void check_failure_keys(const FailurePolicy& policy, config::Check& check);

/// `on_failure`, `retries` and `substitute` of a team.
void add_failure_keys(config::Record<TeamSettings>& record);

/// The same of what may leave it to its team.
template <class T>
void add_failure_keys(config::Record<T>& record, std::optional<FailurePolicy> T::* at) {
  record.field("on_failure", at, optional_part(on_failure_shape()),
               "what happens when its run fails; without it what the team says");
  record.field("retries", at, optional_part(retries_shape()), "of `retry`: how often it is asked again");
  record.field("substitute", at, optional_part(substitute_shape()), "of `substitute`: who is asked instead");
  record.check([at](const T& value, config::Check& check) {
    if (value.*at) check_failure_keys(*(value.*at), check);
  });
}

}  // namespace troupe::agents
