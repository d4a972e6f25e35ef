#include "memory/knowledge/keyword/porter.h"

#include "tests/fakes/fixtures.h"

#include <sstream>
#include <string>
#include <utility>

#include <doctest/doctest.h>

using namespace troupe::memory;

TEST_CASE("the examples of Porter's paper") {
  const std::pair<const char*, const char*> examples[] = {{"caresses", "caress"},
                                                          {"ponies", "poni"},
                                                          {"cats", "cat"},
                                                          {"feed", "feed"},
                                                          {"agreed", "agre"},
                                                          {"plastered", "plaster"},
                                                          {"bled", "bled"},
                                                          {"motoring", "motor"},
                                                          {"sing", "sing"},
                                                          {"hopping", "hop"},
                                                          {"falling", "fall"},
                                                          {"hissing", "hiss"},
                                                          {"filing", "file"},
                                                          {"happy", "happi"},
                                                          {"sky", "sky"},
                                                          {"relational", "relat"},
                                                          {"rational", "ration"},
                                                          {"vileli", "vile"},
                                                          {"vietnamization", "vietnam"},
                                                          {"goodness", "good"},
                                                          {"adoption", "adopt"},
                                                          {"bowdlerize", "bowdler"},
                                                          {"probate", "probat"},
                                                          {"rate", "rate"},
                                                          {"cease", "ceas"},
                                                          {"controll", "control"},
                                                          {"roll", "roll"},
                                                          {"generalizations", "gener"},
                                                          {"oscillators", "oscil"}};
  for (const auto& [word, stem] : examples) CHECK(porter_stem(word) == stem);
}

TEST_CASE("what is no English word has a stem, too") {
  for (const auto rules : {PorterRules::paper, PorterRules::nltk}) {
    CHECK(porter_stem("", rules) == "");
    CHECK(porter_stem("ed", rules) == "ed");
    CHECK(porter_stem("covid19", rules) == "covid19");
    CHECK(porter_stem("\xff\xfe", rules) == "\xff\xfe");
    CHECK(porter_stem(std::string(100'000, 'y') + "ing", rules).size() >= 99'999);
  }
}

TEST_CASE("stems are those of NLTK, by the paper and with its own changes") {
  std::istringstream lines(troupe::fakes::read_fixture("evaluation/porter.tsv.gz"));
  std::string word, paper, nltk;
  int words = 0;
  while (std::getline(lines, word, '\t') && std::getline(lines, paper, '\t') && std::getline(lines, nltk)) {
    ++words;
    CAPTURE(word);
    CHECK(porter_stem(word, PorterRules::paper) == paper);
    CHECK(porter_stem(word, PorterRules::nltk) == nltk);
  }
  CHECK(words > 4'500);
}
