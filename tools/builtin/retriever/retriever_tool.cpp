#include "tools/builtin/retriever/retriever_tool.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/retriever/passages_text.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr const char* kDescription =
    "Searches the documents of the knowledge base `{}` and returns the passages that fit best, each with a "
    "number in brackets. When an answer uses a passage, cite it by that number, such as [2].{}";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "query": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "what to look for: a question or key words"},
    "k": {"type": "integer", "minimum": 1, "maximum": 20, "description": "how many passages"},
    "document": {"type": "string", "maxLength": 1000, "description": "only in this document, by its path or address"}
  },
  "required": ["query"],
  "additionalProperties": false
})json";

}  // namespace

Result<std::unique_ptr<Tool>> RetrieverTool::make(const ToolSettings& settings,
                                                  std::shared_ptr<memory::Knowledge> knowledge) {
  const auto names = knowledge ? knowledge->names() : std::vector<std::string>();
  if (std::find(names.begin(), names.end(), settings.knowledge) == names.end())
    return fail(ErrorCode::not_found, fmt::format("there is no knowledge base `{}`{}", settings.knowledge,
                                                  did_you_mean(settings.knowledge, names)));
  return std::unique_ptr<Tool>(new RetrieverTool(settings, std::move(knowledge)));
}

RetrieverTool::RetrieverTool(const ToolSettings& settings, std::shared_ptr<memory::Knowledge> knowledge)
    : base_(settings.knowledge), search_(settings.search), knowledge_(std::move(knowledge)) {
  const std::string about = knowledge_->about(base_);
  spec_.declaration = {settings.name,
                       settings.description.empty()
                           ? fmt::format(kDescription, base_, about.empty() ? "" : " It holds: " + about)
                           : settings.description,
                       kSchema};
  spec_.effect = Effect::pure;
}

Task<Result<ToolOutput>> RetrieverTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("retriever", context.stop.reason()));
  memory::SearchOverrides search = search_;
  if (const Json* k = find(input.arguments, "k"); k && k->is_number_integer() && *k > 0)
    search.k = k->get<std::size_t>();
  if (std::string document = string_or(input.arguments, "document"); !document.empty())
    search.document = std::move(document);
  auto found = co_await knowledge_->search(base_, string_or(input.arguments, "query"), search, context);
  if (!found) co_return fail(std::move(found.error()));
  const std::size_t first = input.numbers ? input.numbers(found->hits.size()) : 1;
  ToolOutput output{.text = passages_text(found->hits, first, found->remarks),
                    .sources = sources_of(found->hits, first),
                    .uses = {}};
  for (const memory::ModelUse& use : found->uses)
    output.uses.push_back({use.model, use.usage, use.cost, use.ms, use.cache_hit});
  co_return output;
}

}  // namespace troupe::tools
