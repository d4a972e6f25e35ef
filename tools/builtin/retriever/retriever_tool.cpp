#include "tools/builtin/retriever/retriever_tool.h"

#include "runtime/base/suggest.h"
#include "tools/builtin/retriever/passages_text.h"
#include "tools/builtin/retriever/phrase.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kReadingsMax = 256;
constexpr std::size_t kPlaces = 100;  // passages with some of the words that a lookup looks at

constexpr const char* kDescription =
    "Searches the documents of the knowledge base `{}` and returns the passages that fit best, each with a "
    "number in brackets. When an answer uses a passage, cite it by that number, such as [2].{}";

constexpr const char* kSchema = R"json({
  "type": "object",
  "properties": {
    "query": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "what to look for: a question or key words"},
    "operation": {"type": "string", "enum": ["search", "lookup"], "description": "search by default; lookup finds where `query` stands word for word in the document that the last search found best, and the same lookup again finds the next place"},
    "k": {"type": "integer", "minimum": 1, "maximum": 20, "description": "how many passages"},
    "document": {"type": "string", "maxLength": 1000, "description": "only in this document, by its path or address"}
  },
  "required": ["query"],
  "additionalProperties": false
})json";

ToolOutput output_of(const memory::Retrieved& found, const ToolInput& input) {
  const std::size_t first = input.numbers ? input.numbers(found.hits.size()) : 1;
  return {.text = passages_text(found.hits, first, found.remarks), .sources = sources_of(found.hits, first)};
}

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

RetrieverTool::Reading& RetrieverTool::reading_of(const CallContext& context) {
  const std::string reader =
      fmt::format("{}\n{}\n{}", context.principal.tenant, context.session, context.agent);
  const auto known = std::ranges::find(readings_, reader, &Reading::reader);
  if (known != readings_.end()) {
    readings_.splice(readings_.begin(), readings_, known);
  } else {
    readings_.push_front({.reader = reader, .document = "", .words = ""});
    if (readings_.size() > kReadingsMax) readings_.pop_back();
  }
  return readings_.front();
}

Task<Result<ToolOutput>> RetrieverTool::call(ToolInput input, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped("retriever", context.stop.reason()));
  if (string_or(input.arguments, "operation") == "lookup")
    co_return co_await lookup(std::move(input), context);
  co_return co_await search(std::move(input), context);
}

Task<Result<ToolOutput>> RetrieverTool::search(ToolInput input, CallContext& context) {
  memory::SearchOverrides search = search_;
  if (const Json* k = find(input.arguments, "k"); k && k->is_number_integer() && *k > 0)
    search.k = k->get<std::size_t>();
  if (std::string document = string_or(input.arguments, "document"); !document.empty())
    search.document = std::move(document);
  auto found = co_await knowledge_->search(base_, string_or(input.arguments, "query"), search, context);
  if (!found) co_return fail(std::move(found.error()));
  if (!found->hits.empty()) {
    Reading& reading = reading_of(context);
    reading.document = std::to_string(found->hits.front().document);
    reading.words.clear();
  }
  co_return output_of(*found, input);
}

Task<Result<ToolOutput>> RetrieverTool::lookup(ToolInput input, CallContext& context) {
  const std::string words = string_or(input.arguments, "query");
  memory::SearchOverrides search = search_;
  search.document = string_or(input.arguments, "document", reading_of(context).document);
  if (search.document.empty())
    co_return fail(ErrorCode::invalid, "nothing was found yet to look in: search first");
  search.mode = memory::SearchMode::keyword;
  search.min_score.reset();
  search.k = kPlaces;
  search.plain = true;
  auto found = co_await knowledge_->search(base_, words, search, context);
  if (!found) co_return fail(std::move(found.error()));
  // The search finds any of the words, in any form and order.
  const Phrase phrase(words);
  std::erase_if(found->hits, [&phrase](const memory::Hit& hit) { return !phrase.stands_in(hit.text); });
  if (found->hits.empty())
    co_return fail(
        ErrorCode::not_found,
        fmt::format("`{}` does not stand in that document. Try a shorter word, or search again.", words));
  std::ranges::sort(found->hits, {}, &memory::Hit::ordinal);
  Reading& reading = reading_of(context);
  if (reading.words != words || reading.document != search.document) reading.next = 0;
  reading.words = words;
  reading.document = search.document;
  const std::size_t places = found->hits.size();
  if (reading.next >= places) {
    reading.next = 0;
    co_return ToolOutput{.text = fmt::format("No more places have `{}`; all {} were shown.", words, places),
                         .sources = {}};
  }
  const std::size_t place = reading.next++;
  found->hits = {std::move(found->hits[place])};
  found->remarks.push_back(fmt::format("result {} of {}", place + 1, places));
  co_return output_of(*found, input);
}

}  // namespace troupe::tools
