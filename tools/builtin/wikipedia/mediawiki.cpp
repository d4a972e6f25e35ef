#include "tools/builtin/wikipedia/mediawiki.h"

#include "tools/builtin/text/html_text.h"

#include <algorithm>

namespace troupe::tools::mediawiki {

namespace {

Parameters base() {
  return {{"action", "query"}, {"format", "json"}, {"formatversion", "2"}, {"redirects", "1"}};
}

// A flag is `true` in formatversion 2; in 1 it is there, with "" as its value, or not.
bool flag(const Json& object, std::string_view name) {
  const Json* value = find(object, name);
  return value && *value != false;
}

// "pages" is an array in formatversion 2 and an object by page id in 1; negative ids are missing pages.
const Json* first_page(const Json& query) {
  const Json* pages = find(query, "pages");
  if (!pages || pages->empty() || !pages->is_structured()) return nullptr;
  const Json& page = pages->is_array() ? pages->front() : pages->begin().value();
  return page.is_object() ? &page : nullptr;
}

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : dump(value);
}

int number_or(const Json& object, std::string_view name, int fallback) {
  const Json* value = find(object, name);
  return value && value->is_number_integer() ? static_cast<int>(value->get<std::int64_t>()) : fallback;
}

// formatversion 1 puts the text of a message under "*".
std::string message_of(const Json& error) {
  for (const char* name : {"info", "text", "html", "*"})
    if (const std::string text = string_or(error, name); !text.empty()) return html_to_text(text);
  return "";
}

// The extract: under "extract" as text, or as HTML where `explaintext` was not understood.
std::string text_of(const Json& page) {
  std::string text;
  if (const Json* extract = find(page, "extract"))
    text = extract->is_string() ? extract->get<std::string>() : string_or(*extract, "*");
  const auto first = text.find_first_not_of(" \n\t");
  const bool html = first != std::string::npos && text[first] == '<' && text.find("</") != std::string::npos;
  return html ? html_to_text(text) : text;
}

}  // namespace

Parameters search_parameters(const std::string& words, int count, int offset) {
  Parameters parameters = base();
  parameters.insert(parameters.end(), {{"list", "search"},
                                       {"srsearch", words},
                                       {"srnamespace", "0"},
                                       {"srlimit", std::to_string(count)},
                                       {"srprop", "snippet"},
                                       {"srinfo", "totalhits|suggestion"}});
  if (offset > 0) parameters.emplace_back("sroffset", std::to_string(offset));
  return parameters;
}

Parameters page_parameters(const std::string& title) {
  Parameters parameters = base();
  parameters.insert(parameters.end(), {{"prop", "extracts|info|pageprops"},
                                       {"titles", title},
                                       {"explaintext", "1"},
                                       {"exsectionformat", "wiki"},
                                       {"inprop", "url"},
                                       {"ppprop", "disambiguation"}});
  return parameters;
}

Parameters links_parameters(const std::string& title, int count) {
  Parameters parameters = base();
  parameters.insert(
      parameters.end(),
      {{"prop", "links"}, {"titles", title}, {"plnamespace", "0"}, {"pllimit", std::to_string(count)}});
  return parameters;
}

bool continue_with(const Json& answer, Parameters& parameters) {
  Json more = Json::object();
  if (const Json* next = find(answer, "continue"); next && next->is_object()) {
    more = *next;
  } else if (const Json* old = find(answer, "query-continue"); old && old->is_object()) {
    for (const auto& [module, values] : old->items())  // before MediaWiki 1.26: by module
      if (values.is_object()) more.update(values);
  }
  if (more.empty()) return false;
  for (const auto& [name, value] : more.items()) {
    std::erase_if(parameters, [&](const auto& p) { return p.first == name; });
    parameters.emplace_back(name, scalar_text(value));
  }
  return true;
}

bool ApiError::passing() const {
  return code == "maxlag" || code == "ratelimited" || code == "readonly" ||
         code.starts_with("internal_api_error") || code.find("too-busy") != std::string::npos ||
         code == "search-error";
}

std::optional<ApiError> error_in(const Json& answer) {
  if (const Json* error = find(answer, "error"); error && error->is_object())
    return ApiError{string_or(*error, "code", "unknown"), message_of(*error)};
  if (const Json* errors = find(answer, "errors"); errors && errors->is_array() && !errors->empty())
    return ApiError{string_or(errors->front(), "code", "unknown"), message_of(errors->front())};
  return std::nullopt;
}

Result<Hits> decode_search(const Json& answer) {
  const Json* query = find(answer, "query");
  const Json* list = query ? find(*query, "search") : nullptr;
  if (!list || !list->is_array())
    return fail(ErrorCode::protocol, "the wiki's answer has no search results in it");
  Hits result;
  for (const Json& hit : *list) {
    const std::string title = string_or(hit, "title");
    if (!title.empty()) result.hits.push_back({title, html_to_text(string_or(hit, "snippet"))});
  }
  if (const Json* info = find(*query, "searchinfo")) {
    result.total = number_or(*info, "totalhits", -1);
    result.suggestion = string_or(*info, "suggestion");
  }
  Parameters more;
  if (continue_with(answer, more)) {
    const auto offset =
        std::find_if(more.begin(), more.end(), [](const auto& p) { return p.first == "sroffset"; });
    if (offset != more.end() && offset->second.size() < 9)
      result.next_offset = std::atoi(offset->second.c_str());
  }
  return result;
}

namespace {

// "normalized" and "redirects" are lists of {from, to}: follows them from what was asked.
void follow(const Json& query, Page& page, std::string title) {
  for (const char* name : {"converted", "normalized", "redirects"}) {
    const Json* list = find(query, name);
    if (!list || !list->is_array()) continue;
    // A redirect may lead to another one; the list is short and has no order.
    for (std::size_t hops = 0; hops <= list->size(); ++hops) {
      const auto step = std::find_if(list->begin(), list->end(),
                                     [&](const Json& s) { return string_or(s, "from") == title; });
      if (step == list->end()) break;
      title = string_or(*step, "to");
      if (std::string_view(name) != "redirects") continue;
      page.redirected = true;
      page.fragment = string_or(*step, "tofragment");
    }
  }
}

}  // namespace

Result<Page> decode_page(const Json& answer, std::string_view asked) {
  const Json* query = find(answer, "query");
  if (!query) return fail(ErrorCode::protocol, "the wiki's answer has no page in it");
  Page page;
  page.asked = asked;
  const Json* first = first_page(*query);
  if (!first) {
    // A title such as "de:Berlin" belongs to another wiki.
    page.title = asked;
    page.missing = true;
    if (find(*query, "interwiki"))
      page.invalid = "it is a page of another wiki; use `language` and the title alone";
    return page;
  }
  follow(*query, page, std::string(asked));
  page.title = string_or(*first, "title", asked);
  page.url = string_or(*first, "fullurl", string_or(*first, "canonicalurl"));
  page.missing = flag(*first, "missing");
  if (flag(*first, "invalid")) {
    page.missing = true;
    page.invalid = string_or(*first, "invalidreason", "it has characters that titles cannot have");
  }
  if (const Json* properties = find(*first, "pageprops"))
    page.disambiguation = find(*properties, "disambiguation") != nullptr;
  if (!page.missing) page.text = text_of(*first);
  return page;
}

std::vector<std::string> decode_links(const Json& answer) {
  std::vector<std::string> titles;
  const Json* query = find(answer, "query");
  const Json* page = query ? first_page(*query) : nullptr;
  const Json* links = page ? find(*page, "links") : nullptr;
  if (!links || !links->is_array()) return titles;
  for (const Json& link : *links)
    if (std::string title = string_or(link, "title"); !title.empty()) titles.push_back(std::move(title));
  return titles;
}

}  // namespace troupe::tools::mediawiki
