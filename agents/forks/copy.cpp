#include "agents/forks/copy.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe::agents {

namespace {

bool in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

const std::string& NewNames::name(const std::string& old, std::string_view prefix) {
  auto [known, fresh] = names_.try_emplace(old);
  if (fresh) known->second = make_id(prefix, wall_ms_, rng_);
  return known->second;
}

// Looks at what may be an id, whole: "r_" or "s_" and what follows of letters and digits.
std::string NewNames::in(std::string_view text) const {
  std::string out;
  out.reserve(text.size());
  std::size_t done = 0;
  for (std::size_t at = text.find('_'); at != text.npos; at = text.find('_', at + 1)) {
    if (at == 0 || (text[at - 1] != 'r' && text[at - 1] != 's') || at - 1 < done) continue;
    std::size_t end = at + 1;
    while (end < text.size() && in_id(text[end])) ++end;
    const auto known = names_.find(text.substr(at - 1, end - at + 1));
    if (known == names_.end()) continue;
    out += text.substr(done, at - 1 - done);
    out += known->second;
    done = end;
  }
  out += text.substr(done);
  return out;
}

Event event_of(const PastEvent& past) {
  Event event{.type = past.type, .step = past.step};
  auto json = parse_json(past.text);
  if (!json) return event;  // the journal rendered it
  event.session = string_or(*json, "session");
  event.run = string_or(*json, "run");
  event.agent = string_or(*json, "agent");
  event.parent = string_or(*json, "parent");
  for (const char* known : {"type", "seq", "ts", "session", "run", "agent", "step", "parent"})
    json->erase(known);
  event.fields = std::move(*json);
  return event;
}

std::vector<store::Append> copies_of(std::vector<PastTree> trees, NewNames& names,
                                     const std::string& session) {
  for (const PastTree& tree : trees)
    for (const PastRun& run : tree.runs) (void)names.name(run.row.id, "r_");
  std::vector<store::Append> appends;
  std::vector<PastEvent> events;
  for (PastTree& tree : trees) {
    for (PastRun& run : tree.runs) {
      store::Append append;
      for (store::Fact& fact : run.facts) {
        fact.run = names.name(fact.run, "r_");
        fact.body = names.in(fact.body);
      }
      append.facts = std::move(run.facts);
      store::RunRow& row = run.row;
      row.id = names.name(row.id, "r_");
      row.session = session;
      if (!row.parent.empty()) row.parent = names.name(row.parent, "r_");
      row.message_id = names.in(row.message_id);
      row.extra = names.in(row.extra);
      row.first_seq = row.last_seq = 0;
      append.run = std::move(row);
      appends.push_back(std::move(append));
      std::ranges::move(run.events, std::back_inserter(events));
    }
  }
  std::ranges::sort(events, {}, &PastEvent::seq);
  store::Append told;
  for (PastEvent& event : events) {
    event.text = names.in(event.text);
    told.events.push_back(event_of(event));
    told.events.back().session = session;
  }
  if (!told.events.empty()) appends.push_back(std::move(told));
  return appends;
}

}  // namespace troupe::agents
