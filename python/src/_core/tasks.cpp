// Prompts as arrays, and the table of configuration keys.
#include "common.h"
#include "gramian/base/words.h"

namespace gramian::python {

namespace {

nb::dict to_dict(api::Prompts prompts) {
  nb::dict arrays;
  arrays["x"] = to_numpy(std::move(prompts.x));
  arrays["y"] = to_numpy(std::move(prompts.y));
  arrays["query"] = to_numpy(std::move(prompts.query));
  arrays["w"] = to_numpy(std::move(prompts.w));
  arrays["sigma"] = to_numpy(std::move(prompts.sigma));
  arrays["gram"] = to_numpy(std::move(prompts.gram));
  return arrays;
}

nb::dict draw(const Settings& settings, std::uint64_t count, std::uint64_t seed,
              std::uint64_t first, int threads) {
  auto prompts = await_result({}, [=]() -> Expected<api::Prompts> {
    const auto problem = GRAMIAN_TRY(api::configure(settings));
    return api::draw(problem.task, {count, seed, first, threads});
  });
  return to_dict(std::move(prompts));
}

OutArray gram_matrices(const InArray& x, const InArray& y) {
  return to_numpy(value(api::gram_matrices(array_of(x, "x"), array_of(y, "y"))));
}

constexpr auto kTypeWords = words<KeyType>({{KeyType::integer, "integer"},
                                            {KeyType::number, "number"},
                                            {KeyType::boolean, "boolean"},
                                            {KeyType::choice, "choice"},
                                            {KeyType::numbers, "numbers"},
                                            {KeyType::matrix, "matrix"}});

nb::list keys() {
  nb::list all;
  for (const Key& key : key_table().keys()) {
    nb::dict entry;
    entry["name"] = std::string(key.name);
    entry["type"] = std::string(kTypeWords.word(key.type));
    entry["default"] = std::string(key.fallback);
    entry["help"] = std::string(key.help);
    entry["rule"] = key.rule();
    entry["only"] = std::string(key.only);
    nb::list choices;
    for (const std::string_view choice : key.choices) choices.append(std::string(choice));
    entry["choices"] = choices;
    all.append(entry);
  }
  return all;
}

std::string to_toml(const Settings& settings) {
  return value(parse_config("", "the settings", settings)).to_toml();
}

}  // namespace

void bind_tasks(nb::module_& module) {
  module.def("draw", draw, "settings"_a, "count"_a, "seed"_a, "first"_a, "threads"_a,
             "Draws prompts: x, y, query, w, sigma and gram, as arrays.");
  module.def("gram_matrices", gram_matrices, "x"_a, "y"_a,
             "x [B, n, d], y [B, n] -> sum of e e^T over the context, [B, d + 1, d + 1].");
  module.def("keys", keys, "The table of configuration keys.");
  module.def("to_toml", to_toml, "settings"_a, "The configuration, with every key.");
  module.def(
      "check_settings", [](const Settings& settings) { value(api::configure(settings)); },
      "settings"_a, "Raises ValueError where they are no experiment on Gram matrices.");
}

}  // namespace gramian::python
