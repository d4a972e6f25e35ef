#include "tests/fakes/conversations.h"

#include "tests/fakes/fixtures.h"

#include <map>
#include <sstream>
#include <stdexcept>

namespace troupe::fakes {

namespace {

std::map<std::string, Json> recorded_bodies() {
  std::map<std::string, Json> bodies;
  std::istringstream lines(read_fixture("recordings/openai_chat.jsonl.gz"));
  for (std::string line; std::getline(lines, line);) {
    Json record = Json::parse(line);
    std::string id = string_or(record, "id");
    bodies.emplace(std::move(id), std::move(record));
  }
  return bodies;
}

RecordedStep read_step(const Json& json, const std::map<std::string, Json>& bodies) {
  RecordedStep step{.id = string_or(json, "id"),
                    .completion = string_or(json, "completion"),
                    .expected = json.at("expected"),
                    .observation = string_or(json, "observation")};
  if (const Json* thought = find(json, "thought")) step.thought = thought->get<std::string>();
  if (const std::string name = string_or(json, "recording"); !name.empty()) {
    const Json& record = bodies.at(name);
    step.body = string_or(record, "body");
    step.form = string_or(record, "form");
    step.completion = string_or(record.at("expected"), "text");
    step.input_tokens = record.at("expected").at("usage").at("input_tokens").get<std::int64_t>();
    step.output_tokens = record.at("expected").at("usage").at("output_tokens").get<std::int64_t>();
  }
  return step;
}

std::vector<RecordedConversation> read_all() {
  const auto bodies = recorded_bodies();
  std::vector<RecordedConversation> all;
  std::istringstream lines(read_fixture("conversations/episodes.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    RecordedConversation conversation{
        .id = string_or(json, "id"), .kit = string_or(json, "kit"), .model = string_or(json, "model")};
    for (const Json& one : json.at("turns")) {
      RecordedTurn turn{.question = string_or(one, "question")};
      for (const Json& step : one.at("steps")) turn.steps.push_back(read_step(step, bodies));
      conversation.turns.push_back(std::move(turn));
    }
    all.push_back(std::move(conversation));
  }
  return all;
}

}  // namespace

const std::vector<RecordedConversation>& recorded_conversations() {
  static const std::vector<RecordedConversation> kAll = read_all();
  return kAll;
}

const RecordedConversation& recorded_conversation(const std::string& id) {
  for (const RecordedConversation& one : recorded_conversations())
    if (one.id == id) return one;
  throw std::runtime_error("there is no recorded conversation " + id);
}

}  // namespace troupe::fakes
