#include "runtime/base/event.h"

#include "runtime/base/clock.h"

namespace troupe {

namespace {

void member(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += ",\"";
  out += name;
  out += "\":";
  append_quoted(out, value);
}

}  // namespace

// Written by hand rather than through a tree: this runs several times a step, for every event of every run.
std::string render(const Event& event, std::int64_t seq, std::int64_t wall_ms) {
  std::string fields = event.fields.empty() ? std::string() : dump(event.fields);
  std::string out;
  out.reserve(160 + fields.size());
  out += R"({"type":")";
  out += event.type;
  out += '"';
  if (seq > 0) {
    out += ",\"seq\":";
    out += std::to_string(seq);
  }
  out += ",\"ts\":\"";
  out += rfc3339(wall_ms);
  out += '"';
  member(out, "session", event.session);
  member(out, "run", event.run);
  member(out, "agent", event.agent);
  if (event.step > 0) {
    out += ",\"step\":";
    out += std::to_string(event.step);
  }
  member(out, "parent", event.parent);
  if (fields.size() > 2) {  // more than "{}"
    out += ',';
    out.append(fields, 1);
  } else {
    out += '}';
  }
  return out;
}

}  // namespace troupe
