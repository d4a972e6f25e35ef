#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/shape.h"

namespace troupe::agents {

/// Topics by member, each as its type or as what it begins with: `{ writer: [findings, { prefix: alert. }]
/// }`. That the names are members is held against the whole team.
config::ShapePtr<TopicsByMember> topics_by_member();

}  // namespace troupe::agents
