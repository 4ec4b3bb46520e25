// distill-inspect [--json] FILE...: says of each file what artifact it is, or why it is none.
//
// A line a file, with --json an object a file: all that a host can use, or why it is refused. The exit
// code is 2 if any was refused, or if it was called in another way.

#include <iomanip>
#include <iostream>
#include <limits>
#include <locale>
#include <string>
#include <vector>

#include "artifact/letters.hpp"
#include "distill/distill.hpp"

namespace {

using distill::Control;
using distill::Metadata;
using distill::Slider;

std::string json_text(const std::string& text) {
    std::string written = "\"";
    for (const char letter : text) {
        const auto code = static_cast<unsigned char>(letter);
        if (letter == '"' || letter == '\\') {
            written += {'\\', letter};
        } else if (code < 0x20 || code == 0x7F) {
            written += "\\u00";
            written += "0123456789abcdef"[code >> 4];
            written += "0123456789abcdef"[code & 15];
        } else {
            written += letter;
        }
    }
    return written + '"';
}

// Writes an object's members one after the other.
class JsonObject {
  public:
    explicit JsonObject(std::ostream& out) : out_(out) { out_ << '{'; }
    void end() { out_ << '}'; }

    std::ostream& key(const char* name) {
        out_ << (first_ ? "" : ", ") << '"' << name << "\": ";
        first_ = false;
        return out_;
    }
    void text(const char* name, const std::string& value) { key(name) << json_text(value); }
    template <class T>
    void number(const char* name, T value) {
        key(name) << value;
    }
    void numbers(const char* name, const std::vector<double>& values) {
        list(name, values, [this](double value) { out_ << value; });
    }
    template <class T, class Write>
    void list(const char* name, const std::vector<T>& values, Write write) {
        key(name) << '[';
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i) out_ << ", ";
            write(values[i]);
        }
        out_ << ']';
    }

  private:
    std::ostream& out_;
    bool first_ = true;
};

void write_slider(std::ostream& out, const Slider& slider) {
    JsonObject object(out);
    object.text("name", slider.name);
    object.text("label", slider.label);
    object.numbers("component", slider.component);
    object.number("step_size", slider.step_size);
    object.number("min_step", slider.min_step);
    object.number("max_step", slider.max_step);
    object.number("safe_min_step", slider.safe_min_step);
    object.number("safe_max_step", slider.safe_max_step);
    object.number("warning_min_step", slider.warning_min_step);
    object.number("warning_max_step", slider.warning_max_step);
    object.number("variance_explained", slider.variance_explained);
    object.end();
}

void write_control(std::ostream& out, const Control& control) {
    JsonObject object(out);
    object.text("name", control.name);
    object.numbers("direction", control.direction);
    object.number("step_size", control.step_size);
    object.number("safe_min_step", control.safe_min_step);
    object.number("safe_max_step", control.safe_max_step);
    object.text("unit", control.unit);
    object.number("change_per_step", control.change_per_step);
    object.number("is_level", control.is_level ? "true" : "false");
    object.end();
}

void write_metadata(std::ostream& out, const std::string& path, const Metadata& metadata) {
    JsonObject object(out);
    object.text("file", path);
    object.text("name", metadata.name);
    object.text("description", metadata.description);
    object.number("latent_dim", metadata.latent_dim);
    object.number("state_size", metadata.state_size);
    object.number("latency_samples", metadata.latency_samples);
    object.text("reconstruction", metadata.reconstruction);
    object.text("precision", metadata.precision);
    object.text("source_sha256", metadata.source_sha256);
    object.text("weights_sha256", metadata.weights_sha256);
    if (metadata.sliders) {
        JsonObject bank(object.key("sliders"));
        bank.numbers("mean", metadata.sliders->mean);
        bank.list("sliders", metadata.sliders->sliders, [&](const Slider& slider) { write_slider(out, slider); });
        bank.end();
    } else {
        object.key("sliders") << "null";
    }
    object.list("controls", metadata.controls, [&](const Control& control) { write_control(out, control); });
    if (metadata.landmarks) {
        JsonObject landmarks(object.key("landmarks"));
        landmarks.numbers("vectors", metadata.landmarks->vectors);
        landmarks.numbers("potentials", metadata.landmarks->potentials);
        landmarks.numbers("widths", metadata.landmarks->widths);
        landmarks.number("default", metadata.landmarks->default_nearness);
        landmarks.end();
    } else {
        object.key("landmarks") << "null";
    }
    object.end();
    out << '\n';
}

void write_refusal(std::ostream& out, const std::string& path, const std::string& reason) {
    JsonObject object(out);
    object.text("file", path);
    object.text("refused", reason);
    object.end();
    out << '\n';
}

// The file's words are its author's: in one line, and without what a terminal would obey.
std::string shown(const std::string& text) {
    std::string line;
    for (std::size_t at = 0; at < text.size();) {
        const char32_t letter = distill::detail::next_letter(text, at);
        distill::detail::append_letter(line, distill::detail::is_printable(letter) ? letter : U' ');
    }
    return line;
}

void write_line(std::ostream& out, const std::string& path, const Metadata& metadata) {
    const auto& bank = metadata.sliders;
    out << shown(path) << ": ok " << shown(metadata.name) << ' ' << metadata.reconstruction << ' '
        << metadata.precision << " latent_dim=" << metadata.latent_dim << " state_size=" << metadata.state_size
        << " latency=" << metadata.latency_samples << " sliders=" << (bank ? bank->sliders.size() : 0)
        << " controls=" << metadata.controls.size()
        << " landmarks=" << (metadata.landmarks ? metadata.landmarks->potentials.size() : 0) << '\n';
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> paths(arguments + 1, arguments + count);
    const bool json = !paths.empty() && paths[0] == "--json";
    if (json) paths.erase(paths.begin());
    if (paths.empty() || paths[0].rfind("--", 0) == 0) {
        std::cerr << "usage: distill-inspect [--json] FILE...\n";
        return 2;
    }
    std::cout.imbue(std::locale::classic());
    std::cout << std::setprecision(std::numeric_limits<double>::max_digits10);
    int code = 0;
    for (const std::string& path : paths) {
        try {
            const Metadata metadata = distill::Artifact::inspect(path);
            if (json) write_metadata(std::cout, path, metadata);
            else write_line(std::cout, path, metadata);
        } catch (const distill::Error& error) {
            if (json) write_refusal(std::cout, path, error.what());
            else std::cout << shown(error.what()) << '\n';
            code = 2;
        }
    }
    return std::cout.flush() ? code : 1;
}
