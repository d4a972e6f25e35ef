#include "agents/teams/patterns/graph_nodes.h"

#include "agents/chains/placeholders.h"
#include "agents/teams/patterns/failure.h"
#include "agents/teams/patterns/output_file.h"
#include "runtime/async/nursery.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kNothingYet = "(nothing yet)";

std::unexpected<TeamEnd> failed(std::string_view reason, std::string detail) {
  return std::unexpected(
      TeamEnd{.status = "failed", .reason = std::string(reason), .detail = std::move(detail)});
}

std::unexpected<TeamEnd> bad_placeholder(Error error) {
  return failed("bad_placeholder", std::move(error.message));
}

Result<Json> filled(const Json& value, const Json& values, const std::string& where) {
  if (value.is_string()) {
    auto text = fill_task(value.get_ref<const std::string&>(), values, where);
    if (!text) return fail(std::move(text.error()));
    return Json(std::move(*text));
  }
  if (!value.is_structured()) return value;
  Json copy = value;
  for (Json& part : copy) {
    auto inner = filled(part, values, where);
    if (!inner) return inner;
    part = std::move(*inner);
  }
  return copy;
}

NodeOutput output_of(std::optional<Reply> reply) {
  if (!reply) return {};
  return {.text = std::move(reply->text),
          .data = std::move(reply->data),
          .citations = std::move(reply->citations)};
}

// Item by item; one that was skipped is null, so that items keep their places.
NodeOutput gathered(const std::vector<std::optional<Reply>>& replies) {
  NodeOutput output{.data = Json::array()};
  for (const auto& reply : replies) {
    output.data.push_back(!reply ? Json(nullptr) : reply->data.is_null() ? Json(reply->text) : reply->data);
    if (reply) output.text += fmt::format("{}{}", output.text.empty() ? "" : "\n\n", reply->text);
  }
  return output;
}

bool names_item(std::string_view text) {
  const auto names = placeholders_of(text);
  return std::ranges::find(names, kMapItem) != names.end();
}

}  // namespace

GraphNodes::GraphNodes(const TeamSettings& settings, TeamTask task, Crew& crew, Loop& loop)
    : settings_(settings),
      task_(std::move(task)),
      crew_(crew),
      loop_(loop),
      slots_(loop, static_cast<std::size_t>(std::max(settings.limits.parallel, 1))) {}

// Names of nodes go before inputs: what an author calls a result must not become what a client gives.
GraphNodes::Words GraphNodes::words(const Firing& firing, const NodeOutputs& outputs) const {
  Words words{.where = fmt::format("teams.{}, node `{}`", settings_.name, firing.node),
              .values = task_.inputs.is_object() ? task_.inputs : Json::object()};
  for (const auto& [name, unused] : settings_.nodes) {
    const auto it = outputs.find(name);
    words.values[name] = it == outputs.end() ? std::string(kNothingYet) : it->second.text;
  }
  words.values[std::string(kTeamInput)] = task_.text;
  for (const std::string& run : firing.after) {
    const auto it = outputs.find(run.substr(0, run.rfind('.')));
    if (it != outputs.end())
      words.results.push_back({.of = fmt::format("`{}`", it->first), .text = it->second.text});
  }
  return words;
}

Task<Teamed<NodeOutput>> GraphNodes::perform(Firing firing, const NodeOutputs& outputs, Stop& stop) {
  const auto it = settings_.nodes.find(firing.node);
  if (it == settings_.nodes.end())
    co_return failed("internal", fmt::format("teams.{}: there is no node `{}`", settings_.name, firing.node));
  const NodeSettings& node = it->second;
  Words known = words(firing, outputs);
  if (!node.map.empty()) {
    auto list = list_of(node, known, outputs);
    if (!list) co_return std::unexpected(std::move(list.error()));
    co_return co_await mapped(node, firing.key(), std::move(known), std::move(*list), stop);
  }
  Place place{.key = firing.key(), .member = node.run};
  auto reply = co_await once(node, std::move(place), known, stop);
  if (!reply) co_return std::unexpected(std::move(reply.error()));
  NodeOutput output = output_of(std::move(*reply));
  if (!node.output_file.empty() && !output.text.empty()) {
    auto written = co_await write(node, firing.key() + ".file", std::move(known), output.text);
    if (!written) co_return std::unexpected(std::move(written.error()));
  }
  co_return output;
}

Task<Teamed<std::optional<Reply>>> GraphNodes::once(const NodeSettings& node, Place place, Words words,
                                                    Stop& stop) {
  co_await slots_.take();
  Teamed<std::optional<Reply>> reply = std::unexpected(team_cancelled());
  if (!stop.requested()) reply = co_await call(node, std::move(place), std::move(words), stop);
  slots_.give_back();
  co_return reply;
}

Task<Teamed<std::optional<Reply>>> GraphNodes::call(const NodeSettings& node, Place place, Words words,
                                                    Stop& stop) {
  const FailurePolicy& policy = node.failure ? *node.failure : settings_.failure;
  if (!node.run.empty()) {
    std::string text;
    if (node.text.empty()) {
      text = task_text({.message = task_.text, .results = std::move(words.results)});
    } else {
      auto given = fill_task(node.text, words.values, words.where + ", text");
      if (!given) co_return bad_placeholder(std::move(given.error()));
      text = task_text({.task = std::move(*given)});
    }
    Ask ask{.key = std::move(place.key), .to = std::move(place.member), .text = std::move(text)};
    co_return co_await ask_by_policy(crew_, std::move(ask), policy, stop);
  }
  const bool person = node.tool.empty();
  const Json written = person ? Json{{"question", node.person}} : node.input;
  auto input = filled(written, words.values, words.where + (person ? ", person" : ", input"));
  if (!input) co_return bad_placeholder(std::move(input.error()));
  ToolAsk ask{.key = std::move(place.key),
              .tool = person ? std::string(kPersonTool) : node.tool,
              .input = std::move(*input)};
  co_return co_await call_by_policy(crew_, std::move(ask), policy, stop);
}

Teamed<Json> GraphNodes::list_of(const NodeSettings& node, const Words& words,
                                 const NodeOutputs& outputs) const {
  const auto slash = std::min(node.map.find('/'), node.map.size());
  const auto it = outputs.find(node.map.substr(0, slash));
  const Json data = it == outputs.end() ? Json(nullptr) : data_of(it->second);
  const Json* list = at_pointer(data, std::string_view(node.map).substr(slash));
  if (!list || !list->is_array())
    return failed("no_list", fmt::format("{}, map: there is no list at `{}`, but {}; have the node before it "
                                         "give one, with an output schema for instance",
                                         words.where, node.map,
                                         it == outputs.end() ? "the node did not run yet"
                                         : !list             ? "nothing"
                                                             : list->type_name()));
  if (list->size() > limits::kMapItems)
    return failed("no_list", fmt::format("{}, map: the list at `{}` has {} items; at most {} are run over",
                                         words.where, node.map, list->size(), limits::kMapItems));
  return *list;
}

Task<Teamed<NodeOutput>> GraphNodes::mapped(const NodeSettings& node, std::string key, Words words, Json list,
                                            Stop& stop) {
  std::vector<Teamed<std::optional<Reply>>> replies(list.size());
  const bool files = !node.output_file.empty() && names_item(node.output_file);
  Stop together(stop);
  Nursery nursery(loop_);
  std::optional<TeamEnd> end;
  for (std::size_t i = 0; i < list.size(); ++i)
    nursery.spawn("an item of a graph's list", [&, i]() -> Task<> {
      Words own = words;
      own.values[std::string(kMapItem)] = list[i];
      own.results = {{.of = fmt::format("`{}`, item {} of {}", node.map, i + 1, list.size()),
                      .text = list[i].is_string() ? list[i].get<std::string>() : dump(list[i])}};
      Place place{.key = fmt::format("{}.{}", key, i + 1),
                  .member = i == 0 ? node.run : fmt::format("{}#{}", node.run, i + 1)};
      replies[i] = co_await once(node, std::move(place), own, together);
      Teamed<void> written;
      if (replies[i] && *replies[i] && files)
        written =
            co_await write(node, fmt::format("{}.{}.file", key, i + 1), std::move(own), (*replies[i])->text);
      if (replies[i] && written) co_return;
      // The first that ends the others is why; they only were stopped.
      if (!end) end = replies[i] ? std::move(written.error()) : std::move(replies[i].error());
      together.request(StopReason::cancelled);
    });
  co_await nursery.join();
  if (end) co_return std::unexpected(std::move(*end));
  std::vector<std::optional<Reply>> given;
  for (auto& reply : replies) given.push_back(std::move(*reply));
  NodeOutput output = gathered(given);
  if (!node.output_file.empty() && !files && !output.text.empty()) {
    auto written = co_await write(node, key + ".file", std::move(words), output.text);
    if (!written) co_return std::unexpected(std::move(written.error()));
  }
  co_return output;
}

Task<Teamed<void>> GraphNodes::write(const NodeSettings& node, std::string key, Words words,
                                     std::string text) {
  auto path = output_path(node.output_file, words.values, words.where + ", output_file");
  if (!path) co_return bad_placeholder(std::move(path.error()));
  co_return co_await crew_.write_file(std::move(key), std::move(*path), std::move(text));
}

}  // namespace troupe::agents
