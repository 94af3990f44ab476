// Signs a token with a shared key, and verifies it.
import { SignJWT, decodeProtectedHeader, jwtVerify } from 'jose';

const key = new TextEncoder().encode('a secret of at least thirty-two bytes');

export default async (_context: unknown, data: { subject: string; token?: string }): Promise<object> => {
  const token = data.token ?? (await new SignJWT({ role: 'admin' }).setProtectedHeader({ alg: 'HS256' }).setSubject(data.subject).setIssuedAt(1700000000).sign(key));
  try {
    const { payload } = await jwtVerify(token, key, { currentDate: new Date(1700000001000) });
    return { alg: decodeProtectedHeader(token).alg, payload };
  } catch (error) {
    return { error: (error as { code: string }).code };
  }
};
