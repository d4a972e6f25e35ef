#include "tests/e2e/recorded_stage.h"

#include <fmt/format.h>

namespace troupe::e2e {

using fakes::PeerReply;
using fakes::PeerRequest;
using fakes::RecordedModel;

namespace {

std::map<std::string, std::string> tools_of(const std::string& kit) {
  if (kit == "wiki") return {{"Search", "wikipedia"}};
  return {{"Search", "tavily"},       {"search", "tavily"},         {"search_web", "tavily"},
          {"exa_search", "tavily"},   {"google", "tavily"},         {"Retrieve", "wikipedia"},
          {"Wikipedia", "wikipedia"}, {"Calculator", "calculator"}, {"calculate", "calculator"}};
}

std::string query_of(const Json& input) {
  return input.is_string() ? input.get<std::string>() : string_or(input, "query");
}

const fakes::RecordedServices& services() {
  static const fakes::RecordedServices kServices;  // seconds to load, and immutable
  return kServices;
}

std::map<std::string, std::string> recorded_finds() {
  std::map<std::string, std::string> found;
  for (const auto& conversation : fakes::recorded_conversations())
    for (const auto& turn : conversation.turns)
      for (const auto& step : turn.steps)
        if (string_or(step.expected, "type") == "action" && !step.observation.empty())
          if (std::string query = query_of(step.expected.at("input")); !query.empty())
            found.emplace(std::move(query), step.observation);
  return found;
}

}  // namespace

RecordedStage::RecordedStage(StageOptions options)
    : options_(std::move(options)),
      tools_(tools_of(options_.kit)),
      recordings_(options_.travel),
      found_(recorded_finds()),
      model([this](const PeerRequest& request) { return recordings_.answer(request); },
            {.tls = options_.tls}),
      web([this](const PeerRequest& request) {
        PeerReply reply = serve(request);
        return options_.service_travel ? options_.service_travel(std::move(reply), request)
                                       : std::move(reply);
      }),
      daemon(configuration()) {}

// A search that the recording holds brings what it brought there, in the shape of Tavily's answers.
PeerReply RecordedStage::serve(const PeerRequest& request) const {
  if (request.path.ends_with("/search") && request.method == "POST") {
    const auto asked = parse_json(request.body);
    const std::string query = asked ? string_or(*asked, "query") : "";
    if (const auto found = found_.find(query); found != found_.end()) {
      const Json result = {{"title", query},
                           {"url", "https://recorded.example/found"},
                           {"content", found->second},
                           {"score", 0.9}};
      return PeerReply::json(dump(Json{
          {"query", query}, {"answer", nullptr}, {"results", Json::array({result})}, {"response_time", 1}}));
    }
  }
  return services().answer(request);
}

std::string RecordedStage::configuration() const {
  std::string names, tools;
  for (const auto& [name, type] : tools_) {
    names += (names.empty() ? "" : ", ") + name;
    tools += fmt::format("  {}: {{ type: {}", name, type);
    if (type != "calculator") tools += ", base_url: \"" + web.url("") + "\"";
    if (type == "tavily") tools += fmt::format(", api_key: {}", fakes::RecordedServices::kTavilyKey);
    tools += " }\n";
  }
  const std::string server = fmt::format("provider: openai, model: recorded, api_key: {}, base_url: \"{}\"",
                                         RecordedModel::kKey, model.url("/v1"));
  std::string agents;
  for (const auto& [name, settings] : std::map<std::string, std::string>{
           {"streamed", "model: streamed, memory: buffer"},
           {"whole", "model: whole, memory: buffer"},
           {"forgetful", "model: streamed, memory: none"},
           {"windowed", "model: streamed, memory: { type: window, turns: 1 }"}})
    agents += fmt::format("  {}: {{ {}, tools: [{}] }}\n", name, settings, names);
  return fmt::format(
      "network: {{ allow_private: [127.0.0.1]{} }}\nlog: {{ level: error }}\n"
      "models:\n  streamed: {{ {} }}\n  whole: {{ {}, stream: false }}\ntools:\n{}agents:\n{}"
      "default: streamed\n",
      options_.tls ? ", ca: " + model.ca_file() : "", server, server, tools, agents);
}

std::map<std::string, std::vector<Json>> RecordedStage::requests() const {
  std::map<std::string, std::vector<Json>> bodies;
  for (const PeerRequest& request : model.requests()) {
    Json body = Json::parse(request.body);
    bodies[recordings_.place_of(body).conversation->id].push_back(std::move(body));
  }
  return bodies;
}

}  // namespace troupe::e2e
