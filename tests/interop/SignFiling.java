import java.io.File;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.xml.crypto.dsig.CanonicalizationMethod;
import javax.xml.crypto.dsig.Reference;
import javax.xml.crypto.dsig.SignedInfo;
import javax.xml.crypto.dsig.Transform;
import javax.xml.crypto.dsig.XMLSignature;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import javax.xml.crypto.dsig.dom.DOMSignContext;
import javax.xml.crypto.dsig.dom.DOMValidateContext;
import javax.xml.crypto.dsig.keyinfo.KeyInfo;
import javax.xml.crypto.dsig.keyinfo.KeyInfoFactory;
import javax.xml.crypto.dsig.spec.C14NMethodParameterSpec;
import javax.xml.crypto.dsig.spec.TransformParameterSpec;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;

/**
 * Signs and judges filings with the JDK's own XML signature API, as an ERP written in Java would.
 *
 * <pre>
 * java SignFiling.java sign   IN OUT KEY CERT RSA|EC inclusive|exclusive
 * java SignFiling.java verify IN CERT
 * </pre>
 */
public final class SignFiling {
    private static final XMLSignatureFactory FACTORY = XMLSignatureFactory.getInstance("DOM");

    public static void main(String[] args) throws Exception {
        if (args[0].equals("sign")) {
            sign(args);
        } else {
            System.exit(verify(args) ? 0 : 1);
        }
    }

    private static void sign(String[] args) throws Exception {
        Document document = read(args[1]);
        boolean rsa = args[5].equals("RSA");
        String c14n = args[6].equals("exclusive") ? CanonicalizationMethod.EXCLUSIVE : CanonicalizationMethod.INCLUSIVE;
        Reference reference = FACTORY.newReference("",
            FACTORY.newDigestMethod("http://www.w3.org/2001/04/xmlenc#sha256", null),
            List.of(FACTORY.newTransform(Transform.ENVELOPED, (TransformParameterSpec) null),
                FACTORY.newTransform(c14n, (TransformParameterSpec) null)), null, null);
        SignedInfo signedInfo = FACTORY.newSignedInfo(
            FACTORY.newCanonicalizationMethod(c14n, (C14NMethodParameterSpec) null),
            FACTORY.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#" + (rsa ? "rsa-sha256" : "ecdsa-sha256"), null),
            List.of(reference));
        X509Certificate certificate = certificate(args[4]);
        KeyInfoFactory keys = FACTORY.getKeyInfoFactory();
        KeyInfo keyInfo = keys.newKeyInfo(List.of(
            keys.newKeyName(certificate.getSerialNumber().toString(16)), keys.newX509Data(List.of(certificate))));
        FACTORY.newXMLSignature(signedInfo, keyInfo).sign(new DOMSignContext(privateKey(args[3], args[5]), document.getDocumentElement()));
        TransformerFactory.newInstance().newTransformer().transform(new DOMSource(document), new StreamResult(new File(args[2])));
    }

    private static boolean verify(String[] args) throws Exception {
        Document document = read(args[1]);
        var signature = document.getElementsByTagNameNS(XMLSignature.XMLNS, "Signature").item(0);
        var context = new DOMValidateContext(certificate(args[2]).getPublicKey(), signature);
        return FACTORY.unmarshalXMLSignature(context).validate(context);
    }

    private static Document read(String file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new File(file));
    }

    private static X509Certificate certificate(String file) throws Exception {
        try (FileInputStream stream = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
    }

    private static PrivateKey privateKey(String file, String algorithm) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
    }
}
