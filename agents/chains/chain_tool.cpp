#include "agents/chains/chain_tool.h"

#include "agents/chains/chain_walk.h"
#include "agents/chains/direct_calls.h"
#include "agents/chains/placeholders.h"
#include "memory/knowledge/search/citations.h"
#include "memory/knowledge/source_name.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

const std::string kInput(kInputPlaceholder);

bool names(const ChainStepSettings& step, std::string_view placeholder) {
  const auto all = placeholders_of(step.system + "\n" + step.prompt);
  return std::ranges::find(all, placeholder) != all.end();
}

// `first`: the message is what stands before these steps.
bool reads_message(const std::vector<ChainStep>& steps, bool first) {
  for (const ChainStep& step : steps) {
    const bool prompt = step.settings.kind == ChainStepKind::prompt;
    const bool branches = step.settings.kind == ChainStepKind::parallel;
    if (prompt && (names(step.settings, kMessagePlaceholder) || (first && names(step.settings, kInput))))
      return true;
    if (first && !prompt && !branches) return true;
    for (const auto& [name, inner] : step.branches)
      if (reads_message(inner, first)) return true;
    first = false;
  }
  return false;
}

std::string schema_of(const Chain& chain) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const std::string& name : chain.inputs) {
    properties[name] = {{"type", "string"}};
    required.push_back(name);
  }
  if (reads_message(chain)) {
    properties[kInput] = {{"type", "string"}, {"description", "what it is asked"}};
    required.push_back(kInput);
  }
  return dump({{"type", "object"},
               {"properties", std::move(properties)},
               {"required", std::move(required)},
               {"additionalProperties", false}});
}

// The text with every number that it cites by raised.
std::string renumbered(std::string_view text, std::size_t by) {
  std::string out;
  std::size_t at = 0;
  for (const memory::CitationMarker& marker : memory::citation_markers(text)) {
    out += text.substr(at, marker.begin - at);
    for (at = marker.begin; at < marker.end;) {
      std::size_t number = 0;
      const char* begin = text.data() + at;
      const auto [end, error] = std::from_chars(begin, text.data() + marker.end, number);
      if (error == std::errc()) {
        out += std::to_string(number + by);
        at += static_cast<std::size_t>(end - begin);
      } else {
        out += text[at++];
      }
    }
  }
  out += text.substr(at);
  return out;
}

// What the chain found is cited by numbers of the run that calls it, and these mean nothing to who did not
// see the passages: they are named below.
tools::ToolOutput output_of(const ChainAnswer& answer, const std::vector<std::string>& remarks,
                            const tools::ToolInput& input) {
  const std::size_t before = input.numbers ? input.numbers(answer.passages.size()) - 1 : 0;
  tools::ToolOutput output{.text = renumbered(answer.text, before), .sources = {}};
  std::string list;
  for (memory::Citation& one : memory::citations_of(answer.text, answer.passages).list) {
    one.index += before;
    std::string name = one.title.empty() ? one.source : one.title;
    if (one.page > 0) name += fmt::format(", page {}", one.page);
    list += fmt::format("\n[{}] {}", one.index, name);
    const bool web = memory::is_url(one.source);
    output.sources.push_back({one.title, web ? memory::shown_address(one.source) : "", to_json(one)});
  }
  if (!list.empty()) output.text += "\n\nSources:" + list;
  for (const std::string& remark : remarks) output.text += fmt::format("\n\n({})", remark);
  return output;
}

}  // namespace

bool reads_message(const Chain& chain) {
  return reads_message(chain.steps, true);
}

ChainTool::ChainTool(std::string name, std::string description, std::shared_ptr<const Chain> chain)
    : chain_(std::move(chain)) {
  const ChainSettings& own = chain_->settings;
  if (description.empty()) description = own.description;
  if (description.empty()) description = fmt::format("Runs the chain {}", own.name);
  spec_.declaration = {std::move(name), std::move(description), schema_of(*chain_)};
  spec_.effect = tools::Effect::pure;
  spec_.timeout = own.limits.time;
}

Task<Result<tools::ToolOutput>> ChainTool::call(tools::ToolInput input, CallContext& context) {
  const std::string message = string_or(input.arguments, kInput);
  DirectCalls calls(*chain_, context);
  ChainWalk walk(context.loop, chain_, calls, message, std::move(input.arguments));
  auto answer = co_await walk.run(context.stop);
  if (answer) co_return output_of(*answer, calls.remarks(), input);
  if (context.stop.requested()) co_return fail(stopped("the chain", context.stop.reason()));
  const ChainEnd& end = answer.error();
  co_return fail(ErrorCode::tool,
                 fmt::format("the chain ended at its step {} ({}): {}", walk.step(), end.reason, end.detail));
}

Result<> add_chain_tools(const std::vector<tools::ToolSettings>& settings, const ChainTable& chains,
                         tools::ToolTable& tools) {
  for (const tools::ToolSettings& one : settings) {
    if (one.type != "chain") continue;
    const auto chain = chains.find(one.chain);
    if (chain == chains.end())
      return fail(ErrorCode::not_found, fmt::format("tool `{}`: there is no chain `{}`{}", one.name,
                                                    one.chain, did_you_mean(one.chain, names_of(chains))));
    if (!tools.emplace(one.name, std::make_shared<ChainTool>(one.name, one.description, chain->second))
             .second)
      return fail(ErrorCode::conflict, fmt::format("tool `{}` is configured twice", one.name));
  }
  return {};
}

}  // namespace troupe::agents
