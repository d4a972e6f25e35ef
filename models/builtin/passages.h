#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A piece of an observation that has one source.
struct Passage {
  std::string title;
  std::string url;
  std::string text;
};

/// Takes what a search, page or retriever tool answered apart: JSON with titles, addresses and texts, or text
/// in which numbered entries, "Title:" and "Source:" lines, headings and addresses tell the passages apart.
/// Everything in it is data. None when the tool says in one line that it has nothing. Linear.
std::vector<Passage> read_passages(std::string_view output);

}  // namespace troupe::models::builtin
