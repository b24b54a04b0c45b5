import java.io.FileInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** veraPDF's validator without veraPDF's own program: the same options as far as scanmend uses them, and exit codes. */
public class Validate {
    static final int VALID = 0, INVALID = 1, UNREADABLE = 7;

    public static void main(String[] arguments) {
        Logger.getLogger("").setLevel(Level.SEVERE);
        PDFAFlavour flavour = PDFAFlavour.PDFA_2_B;
        List<String> paths = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--flavour")) {
                flavour = PDFAFlavour.fromString(arguments[++i]);
            } else if (arguments[i].equals("--format")) {
                i++; // there is one
            } else {
                paths.add(arguments[i]);
            }
        }
        VeraGreenfieldFoundryProvider.initialise();
        int worst = VALID;
        for (String path : paths) {
            worst = Math.max(worst, validate(path, flavour));
        }
        System.exit(worst);
    }

    static int validate(String path, PDFAFlavour flavour) {
        try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(path), flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            Map<String, String> failed = new LinkedHashMap<>();
            for (TestAssertion one : result.getTestAssertions()) {
                if (one.getStatus() != TestAssertion.Status.PASSED) {
                    String rule = one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber();
                    failed.putIfAbsent(rule, one.getMessage());
                }
            }
            System.out.println((result.isCompliant() ? "PASS " : "FAIL ") + path + " " + flavour.getId());
            failed.forEach((rule, message) -> System.out.println("  " + rule + " " + message));
            return result.isCompliant() ? VALID : INVALID;
        } catch (Exception e) {
            System.out.println("ERROR " + path + " " + e);
            return UNREADABLE;
        }
    }
}
