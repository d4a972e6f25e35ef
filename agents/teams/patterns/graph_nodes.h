#pragma once

#include "agents/runs/slots.h"
#include "agents/teams/crew.h"
#include "agents/teams/pattern.h"
#include "agents/teams/patterns/conditions.h"
#include "agents/teams/patterns/graph_tokens.h"
#include "agents/teams/patterns/task_text.h"
#include "agents/teams/settings.h"
#include "runtime/async/loop.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// Does what the nodes of one graph say. Of all of them no more than limits.parallel asks and calls are at
/// work at once. Loop thread only; references outlive it.
class GraphNodes {
 public:
  GraphNodes(const TeamSettings& settings, TeamTask task, Crew& crew, Loop& loop);

  /// One run of a node, to its end. `outputs`: what nodes gave before. Keys: "NODE.VISIT" and, of a node with
  /// `map`, "NODE.VISIT.ITEM"; ".file" is added for its file. A node that was skipped gives an empty text.
  /// Ends: failed (bad_placeholder; no_list: `map` names no list, or one of more than limits::kMapItems), and
  /// as ask_by_policy() and Crew::write_file().
  Task<Teamed<NodeOutput>> perform(Firing firing, const NodeOutputs& outputs, Stop& stop);

 private:
  /// What a text of a node may name, and what it reads where it has none.
  struct Words {
    std::string where;
    Json values;
    std::vector<Given> results;
  };
  struct Place {
    std::string key;
    std::string member;  // that is asked: the node's, or a copy
  };

  Words words(const Firing& firing, const NodeOutputs& outputs) const;
  Task<Teamed<std::optional<Reply>>> once(const NodeSettings& node, Place place, Words words, Stop& stop);
  Task<Teamed<std::optional<Reply>>> call(const NodeSettings& node, Place place, Words words, Stop& stop);
  Task<Teamed<NodeOutput>> mapped(const NodeSettings& node, std::string key, Words words, Json list,
                                  Stop& stop);
  Task<Teamed<void>> write(const NodeSettings& node, std::string key, Words words, std::string text);
  Teamed<Json> list_of(const NodeSettings& node, const Words& words, const NodeOutputs& outputs) const;

  const TeamSettings& settings_;
  const TeamTask task_;
  Crew& crew_;
  Loop& loop_;
  Slots slots_;
};

}  // namespace troupe::agents
