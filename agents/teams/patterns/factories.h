#pragma once

#include "agents/teams/pattern.h"

#include <memory>

/// The patterns of pattern_entries(). The settings outlive what is made.
namespace troupe::agents {

std::unique_ptr<Pattern> make_sequential(const TeamSettings& settings);
std::unique_ptr<Pattern> make_parallel(const TeamSettings& settings);
std::unique_ptr<Pattern> make_supervisor(const TeamSettings& settings);
std::unique_ptr<Pattern> make_handoff(const TeamSettings& settings);
std::unique_ptr<Pattern> make_round_robin(const TeamSettings& settings);
std::unique_ptr<Pattern> make_selector(const TeamSettings& settings);
std::unique_ptr<Pattern> make_debate(const TeamSettings& settings);
std::unique_ptr<Pattern> make_graph(const TeamSettings& settings);

}  // namespace troupe::agents
