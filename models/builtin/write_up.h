#pragma once

#include "models/builtin/team_text.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A sentence of some material.
struct Telling {
  std::string_view text;
  std::size_t material = 0;
};

/// The `count` sentences of `material` that tell most about `about`, in their order: by its words in them, by
/// the words that the material returns to, by their place. Of each material that has one there is at least
/// one, as far as `count` goes. Titles, sources and repetitions are none. Linear but for the ranking of 800.
std::vector<Telling> most_telling(const std::vector<Material>& material, std::string_view about,
                                  std::size_t count);

/// What the material of others says to a task, in its own sentences, in the form that the task and the
/// expected output name: "bullet" or "list" makes a list; "report", "post" or "article" gets a heading with
/// the topic; "headings: A, B and C" become sections; "five bullets" says how many (else six). The sources
/// that the material names follow, else where it is from; then a line that says it is no writing.
/// "" where the material says nothing but that it could not be done.
std::string write_up(const TeamText& asked);

/// The material of others without what says only that something could not be done; empty ones are left out.
std::vector<Material> told_material(const TeamText& asked);

}  // namespace troupe::models::builtin
