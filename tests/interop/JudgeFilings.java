import java.io.File;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.xml.crypto.AlgorithmMethod;
import javax.xml.crypto.KeySelector;
import javax.xml.crypto.KeySelectorException;
import javax.xml.crypto.KeySelectorResult;
import javax.xml.crypto.XMLCryptoContext;
import javax.xml.crypto.XMLStructure;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.X509Data;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;

/**
 * Judges many filings with the JDK's own XML signature API, in one machine: for each file of a folder one line with its
 * name, "good" or "bad", and why. Certificates are believed if the given authority issued them and they are valid now.
 *
 * <pre>
 * java JudgeFilings.java CA FOLDER
 * </pre>
 */
public final class JudgeFilings {
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] args) throws Exception {
        X509Certificate authority;
        try (FileInputStream stream = new FileInputStream(args[0])) {
            authority = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
        try (var files = Files.list(Path.of(args[1]))) {
            for (Path file : files.sorted().toList()) {
                System.out.println(file.getFileName() + "\t" + judge(file.toFile(), authority).replaceAll("\\s+", " "));
            }
        }
    }

    private static String judge(File file, X509Certificate authority) {
        try {
            DocumentBuilderFactory documents = DocumentBuilderFactory.newInstance();
            documents.setNamespaceAware(true);
            var builder = documents.newDocumentBuilder();
            builder.setErrorHandler(null);
            Document document = builder.parse(file);
            var signature = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0);
            var context = new DOMValidateContext(new Believer(authority), signature);
            return FACTORY.unmarshalXMLSignature(context).validate(context) ? "good" : "bad it does not hold";
        } catch (Exception error) {
            return "bad " + error;
        }
    }

    /** Takes the key of the first certificate in the signature that the authority issued. */
    private static final class Believer extends KeySelector {
        private final X509Certificate authority;

        Believer(X509Certificate authority) {
            this.authority = authority;
        }

        @Override
        public KeySelectorResult select(KeyInfo info, Purpose purpose, AlgorithmMethod method, XMLCryptoContext context)
                throws KeySelectorException {
            for (XMLStructure part : info == null ? java.util.List.<XMLStructure>of() : info.getContent()) {
                for (Object one : part instanceof X509Data data ? data.getContent() : java.util.List.of()) {
                    if (one instanceof X509Certificate certificate && isBelieved(certificate)) {
                        Key key = certificate.getPublicKey();
                        return () -> key;
                    }
                }
            }
            throw new KeySelectorException("no certificate that is believed");
        }

        private boolean isBelieved(X509Certificate certificate) {
            try {
                certificate.verify(authority.getPublicKey());
                certificate.checkValidity();
                return true;
            } catch (java.security.GeneralSecurityException error) {
                return false;
            }
        }
    }
}
