#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::tools {

/// What of a JSON answer an agent reads.
struct AnswerParts {
  /// One pointer without a name: its value alone. Else an object of what the pointers name. None: everything.
  std::vector<std::pair<std::string, std::string>> pointers;  ///< name ("": none) and JSON pointer
};

/// From `response:`: a pointer, a list of pointers (named by themselves) or a map from names to pointers;
/// null for all. Error: invalid.
Result<AnswerParts> read_answer_parts(const Json& written);

/// The media type of an answer, lower case, without parameters: "application/json"; "" when it states none.
std::string media_type(const net::HttpHead& head);

/// Whether an answer of this type may be shown to an agent: one of `allowed` ("image/png", "text/*"), or,
/// where none are named, any that is text: text/*, JSON, XML, YAML and their like.
bool readable(std::string_view type, const std::vector<std::string>& allowed);

/// An answer as an agent reads it: of JSON the `parts`, of HTML its text, other text as it is with broken
/// UTF-8 replaced. A JSON answer is known by its type, or by its form where `parts` ask for some of it.
/// Errors: tool, where the answer has none of the parts, or is no JSON when parts are wanted.
Result<std::string> answer_text(const net::HttpResponse& answer, const AnswerParts& parts);

/// The title of an HTML page in one line, or "".
std::string page_title(std::string_view html);

}  // namespace troupe::tools
